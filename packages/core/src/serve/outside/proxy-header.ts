import { isIP } from "node:net";

/** What a PROXY header says. */
export type ProxyHeader =
  /** It is not whole yet. */
  | { readonly kind: "more" }
  | { readonly kind: "bad" }
  /** `client`: whose connection it is; undefined where the proxy says nothing of it, or speaks for itself. */
  | { readonly kind: "whole"; readonly length: number; readonly client: string | undefined };

const MORE = { kind: "more" } as const;
const BAD = { kind: "bad" } as const;
const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const LONGEST_LINE = 107;
/** Of the second version, what comes after its first 16 bytes: addresses, and a few details that nobody reads here. */
const MOST_BYTES = 2048;

/** Reads the header of either version: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  const begins = bytes.subarray(0, SIGNATURE.length);
  if (begins.equals(SIGNATURE.subarray(0, begins.length))) return readSecond(bytes);
  return readFirst(bytes);
}

/** `PROXY TCP4 203.0.113.7 10.0.0.1 51000 443\r\n` */
function readFirst(bytes: Buffer): ProxyHeader {
  const text = bytes.subarray(0, LONGEST_LINE).toString("latin1");
  if (!"PROXY ".startsWith(text.slice(0, 6))) return BAD;
  const end = text.indexOf("\r\n");
  if (end < 0) return text.length < LONGEST_LINE ? MORE : BAD;
  const [, family, client = "", own = "", ...ports] = text.slice(0, end).split(" ");
  const length = end + 2;
  if (family === "UNKNOWN") return { kind: "whole", length, client: undefined };
  const version = family === "TCP4" ? 4 : family === "TCP6" ? 6 : undefined;
  const isGood =
    isIP(client) === version &&
    isIP(own) === version &&
    ports.length === 2 &&
    ports.every((port) => /^\d{1,5}$/.test(port));
  return isGood ? { kind: "whole", length, client } : BAD;
}

function readSecond(bytes: Buffer): ProxyHeader {
  if (bytes.length < 16) return MORE;
  const [version, family] = [bytes.readUInt8(12), bytes.readUInt8(13)];
  const size = bytes.readUInt16BE(14);
  if (version >> 4 !== 2 || (version & 15) > 1 || size > MOST_BYTES) return BAD;
  const length = 16 + size;
  if (bytes.length < length) return MORE;
  // It speaks for itself, as when it looks whether we live.
  if ((version & 15) === 0) return { kind: "whole", length, client: undefined };
  if (family === 0x11) return size < 12 ? BAD : { kind: "whole", length, client: bytes.subarray(16, 20).join(".") };
  if (family === 0x21) return size < 36 ? BAD : { kind: "whole", length, client: toIpv6(bytes.subarray(16, 32)) };
  return { kind: "whole", length, client: undefined };
}

function toIpv6(bytes: Buffer): string {
  return Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16)).join(":");
}
