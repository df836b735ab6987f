import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HadronError } from "@hadron/core/spi";

/** Where an engine listens, and how to speak to it. */
export type EngineAddress =
  | { readonly kind: "unix"; readonly path: string; readonly said: string }
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      readonly tls: TlsFiles | undefined;
      readonly said: string;
    }
  | {
      readonly kind: "ssh";
      /** `user@host`, as ssh takes it. */
      readonly target: string;
      readonly port: number | undefined;
      /** The engine's socket on the other machine. */
      readonly socket: string;
      readonly said: string;
    };

/** Contents of the PEM files of a TLS connection. */
export interface TlsFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly verify: boolean;
}

/** Parses `unix://`, `npipe://`, `tcp://`, `http(s)://` and `ssh://` addresses. WRONG_USE where it is none of them. */
export function parseAddress(said: string, source: string, tls: TlsFiles | undefined): EngineAddress {
  const path = /^(?:unix|npipe):\/\/(.+)$/.exec(said)?.[1];
  if (path !== undefined) return { kind: "unix", path: path.replaceAll("\\", "/"), said };
  if (said.startsWith("/")) return unix(said);
  let url: URL;
  try {
    url = new URL(said);
  } catch {
    throw notUnderstood(said, source);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? undefined : Number(url.port);
  if (url.protocol === "ssh:" && host !== "") {
    // A host that began with "-" would be an option to ssh.
    if (host.startsWith("-") || url.username.startsWith("-")) throw notUnderstood(said, source);
    const target = url.username === "" ? host : `${decodeURIComponent(url.username)}@${host}`;
    const socket = url.pathname === "" || url.pathname === "/" ? "/var/run/docker.sock" : url.pathname;
    return { kind: "ssh", target, port, socket, said };
  }
  if (["tcp:", "http:", "https:"].includes(url.protocol) && host !== "") {
    const secure =
      tls ?? (url.protocol === "https:" ? { ca: undefined, cert: undefined, key: undefined, verify: true } : undefined);
    return { kind: "tcp", host, port: port ?? (secure === undefined ? 2375 : 2376), tls: secure, said };
  }
  throw notUnderstood(said, source);
}

/** The address of a socket of this machine. */
export function unix(path: string): EngineAddress {
  return { kind: "unix", path, said: path.startsWith("//./pipe/") ? `npipe://${path}` : `unix://${path}` };
}

function notUnderstood(said: string, source: string): HadronError {
  return new HadronError(
    "WRONG_USE",
    `${source} is "${said}", and should be like unix:///var/run/docker.sock, tcp://HOST:2376 or ssh://USER@HOST.`,
  );
}

/** Reads `ca.pem`, `cert.pem` and `key.pem`, those that are there. */
export function readTls(folder: string, verify: boolean): TlsFiles {
  const read = (name: string) => {
    const path = join(folder, name);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem"), verify };
}
