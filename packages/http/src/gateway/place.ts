import { isIP } from "node:net";
import { HadronError } from "@hadron/core";
import { METHODS, parsePattern } from "../routes/pattern.ts";

/** Methods that an address may have; `*`: whatever the method. */
export type ListenMethod = (typeof METHODS)[number] | "*";

/** An address, parsed. */
export interface Place {
  /** As it was written, for those who read: `POST https://shop.example.com/insert`. */
  readonly text: string;
  /** As `Host` says it, without a port. */
  readonly host: string;
  /** Undefined where the URL says none. */
  readonly port: number | undefined;
  /** As a route's key. */
  readonly key: string;
  /** The same for two that match the same requests. */
  readonly identity: string;
}

/**
 * Reads a method and a URL such as `https://shop.example.com/orders/:id`; its path is that of a route. INVALID_DECLARATION where they are none.
 */
export function toPlace(url: string, method: ListenMethod): Place {
  const text = `${method} ${url}`;
  const refuse = (why: string): never => {
    throw new HadronError("INVALID_DECLARATION", `listenAt("${url}", "${method}", …): ${why}.`);
  };
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    return refuse('the address is a URL such as "https://shop.example.com/insert"');
  }
  if (method !== "*" && !(METHODS as readonly string[]).includes(method)) {
    refuse(`the method is one of ${METHODS.join(", ")}, or "*" for any`);
  }
  if (parsed.username !== "" || parsed.password !== "") refuse("an address has no user and no password");
  if (parsed.search !== "" || parsed.hash !== "") refuse("an address has no query and no fragment");
  const key = method === "*" ? parsed.pathname : `${method} ${parsed.pathname}`;
  const segments = parsePattern(key).segments.map((segment) =>
    segment.kind === "static" ? segment.text : segment.kind,
  );
  const host = toHost(parsed.host);
  // Of a scheme's own port a parsed URL says nothing.
  const [, port] = /^[a-z]+:\/\/[^/]*:(\d+)(?:\/|$)/i.exec(url) ?? [];
  const identity = JSON.stringify([host, method, segments]);
  return { text, host, port: port === undefined ? undefined : Number(port), key, identity };
}

/** The host of a `Host` header or a URL: without port, and one word for all that means this machine. */
export function toHost(header: string): string {
  const name = header.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
  return isThisMachine(name) ? "localhost" : name;
}

/** Whether a host is this machine, as everybody says it of their own. */
export function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Whether a host is an address and no name. */
export function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0;
}
