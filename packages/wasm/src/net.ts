import { lookup } from "node:dns/promises";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP } from "node:net";
import { HadronError } from "@hadron/core";

/** Redirects that are followed, each to an address that is granted, too. */
const MAX_REDIRECTS = 5;

/** Addresses of the machine itself and of its neighbours: reached only where they are granted by their number or as localhost. */
const inner = new BlockList();
inner.addSubnet("127.0.0.0", 8);
inner.addSubnet("169.254.0.0", 16);
inner.addSubnet("0.0.0.0", 8);
inner.addAddress("::1", "ipv6");
inner.addAddress("::", "ipv6");
inner.addSubnet("fe80::", 10, "ipv6");

/** A host and a port that a guest may speak to, as `host:port`. */
export interface NetGrant {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`; undefined where it is none. */
export function toNetGrant(text: string): NetGrant | undefined {
  const match = text.match(/^(\[[0-9a-fA-F:.]+\]|[^:/\s]+):(\d{1,5})$/);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || !(port >= 1 && port <= 65_535)) return undefined;
  return { host: match[1].replace(/^\[|\]$/g, "").toLowerCase(), port };
}

export interface FetchOptions {
  readonly grants: readonly NetGrant[];
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

/**
 * Gets what is at an address, for a guest: only where exactly that host and port were granted, at the address to which the
 * name leads now, and again at each redirect. PERMISSION_DENIED else; TOO_LARGE above the limit.
 */
export async function fetchGranted(address: string, options: FetchOptions): Promise<Uint8Array> {
  let url = toUrl(address);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await getOnce(url, options);
    if (answer.location === undefined) return answer.body;
    url = toUrl(new URL(answer.location, url).href);
  }
  throw new HadronError("FAILED_PRECONDITION", `${address} leads on more than ${MAX_REDIRECTS} times.`);
}

function toUrl(address: string): URL {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new HadronError(
      "INVALID_INPUT",
      `"${address}" is no address that a guest can ask for: http or https, without a password.`,
    );
  }
  return url;
}

async function getOnce(
  url: URL,
  { grants, signal, maxBytes }: FetchOptions,
): Promise<{ readonly location: string | undefined; readonly body: Uint8Array }> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  if (!grants.some((grant) => grant.host === host && grant.port === port)) {
    const granted = grants.map((grant) => `${grant.host}:${grant.port}`).join(", ");
    throw new HadronError(
      "PERMISSION_DENIED",
      `a guest asks for ${host}:${port}, and was granted ${granted || "nothing"}.`,
    );
  }
  const pinned = await resolve(host);
  const {
    promise,
    resolve: done,
    reject,
  } = Promise.withResolvers<{ location: string | undefined; body: Uint8Array }>();
  const request = (url.protocol === "https:" ? requestHttps : requestHttp)(
    url,
    // The name is looked up once, above: it cannot lead elsewhere between the check and the connection.
    {
      signal,
      agent: false,
      lookup: (_name, { all }, call) => (all ? call(null, [pinned]) : call(null, pinned.address, pinned.family)),
    },
    (response) => {
      const status = response.statusCode ?? 0;
      const { location } = response.headers;
      if (status >= 300 && status < 400 && location !== undefined) {
        response.destroy();
        done({ location, body: new Uint8Array() });
        return;
      }
      if (status >= 400) {
        response.destroy();
        reject(new HadronError("FAILED_PRECONDITION", `${url.href} answers ${status}.`));
        return;
      }
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > maxBytes)
          response.destroy(new HadronError("TOO_LARGE", `${url.href} is longer than ${maxBytes} bytes.`));
        else parts.push(part);
      });
      response.on("end", () => done({ location: undefined, body: Buffer.concat(parts) }));
      response.on("error", reject);
    },
  );
  request.on("error", reject);
  request.end();
  return promise;
}

/** Where a name leads; refused where it leads to this machine and does not say so itself. */
async function resolve(host: string): Promise<{ readonly address: string; readonly family: number }> {
  const found = await lookup(host);
  const isNamed = isIP(host) !== 0 || host === "localhost";
  if (!isNamed && inner.check(found.address, found.family === 6 ? "ipv6" : "ipv4")) {
    throw new HadronError(
      "PERMISSION_DENIED",
      `"${host}" leads to ${found.address}, an address of this machine: grant it by its number if that is meant.`,
    );
  }
  return found;
}
