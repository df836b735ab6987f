import { isIP } from "node:net";
import { HadronError } from "@hadron/core";
import { readNetworks } from "@hadron/core/spi";
import type { Arrived } from "../request/arrived.ts";

/** What stands before the app, and is believed. */
export interface TrustOptions {
  /** Addresses and networks of the proxies: `10.0.0.0/8`, `::1`. */
  readonly proxies: readonly string[];
  /** In which header they say whose connection it was; another is what a client made up. @default "x-forwarded-for" */
  readonly header?: "x-forwarded-for" | "forwarded";
}

/** Makes of a request what those proxies say that it was, where one of them sent it; of any other, nothing is believed. */
export type Unwrap = (arrived: Arrived) => Arrived;

/** Reads {@link TrustOptions}. INVALID_DECLARATION where an address is none. */
export function trustProxies({ proxies, header = "x-forwarded-for" }: TrustOptions): Unwrap {
  const isProxy = readNetworks(
    proxies,
    (proxy) =>
      new HadronError(
        "INVALID_DECLARATION",
        `http: trust.proxies has "${proxy}", and should have addresses or networks such as 10.0.0.0/8.`,
      ),
  );
  return (arrived) => {
    const { address } = arrived;
    if (address === undefined || !isProxy(address)) return arrived;
    const hops = header === "forwarded" ? readForwarded(arrived.headers.forwarded) : readFor(arrived.headers);
    // The last was said by the proxy next to us; one that is a proxy's says who was before it.
    let client = { address, secure: arrived.secure };
    for (const hop of hops.toReversed()) {
      if (isIP(hop.address) === 0) break;
      client = { address: hop.address, secure: hop.secure ?? client.secure };
      if (!isProxy(hop.address)) break;
    }
    const { method, url, rawHeaders, headers, upgrade, chunks, whole } = arrived;
    return { method, url, rawHeaders, headers, upgrade, chunks, whole, ...client };
  };
}

interface Hop {
  readonly address: string;
  readonly secure: boolean | undefined;
}

function readFor(headers: Arrived["headers"]): readonly Hop[] {
  const protocols = (headers["x-forwarded-proto"] ?? "").split(",").map((protocol) => protocol.trim().toLowerCase());
  const last = protocols.at(-1);
  const secure = last === "" || last === undefined ? undefined : last === "https";
  const list = headers["x-forwarded-for"];
  return list === undefined ? [] : list.split(",").map((hop) => ({ address: toAddress(hop), secure }));
}

/** RFC 7239. */
function readForwarded(text: string | undefined): readonly Hop[] {
  return (text ?? "")
    .split(",")
    .filter((element) => element.trim() !== "")
    .map((element) => {
      const fields = new Map(
        element.split(";").map((pair) => {
          const [name = "", value = ""] = pair.split("=", 2);
          return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, "$1")] as const;
        }),
      );
      const proto = fields.get("proto")?.toLowerCase();
      return {
        address: toAddress(fields.get("for") ?? ""),
        secure: proto === undefined ? undefined : proto === "https",
      };
    });
}

/** Without port and brackets. */
function toAddress(text: string): string {
  const trimmed = text.trim();
  return /^\[([^\]]*)\]/.exec(trimmed)?.[1] ?? (isIP(trimmed) === 0 ? trimmed.replace(/:\d+$/, "") : trimmed);
}
