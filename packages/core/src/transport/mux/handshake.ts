import { HadronError } from "../../errors.ts";
import type { Dispatcher, Hello } from "../transport.ts";
import { PROTOCOL_VERSION } from "./frames/frames.ts";

const MOST_HEAD_BYTES = 16 * 1024;

/** Headers by lower-case name. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The cause of a call's failure where the other side is an HTTP server that does not know this protocol: it can be
 * called by JSON-RPC. See {@link isUpgradeRefused}.
 */
export class UpgradeRefused extends Error {
  override readonly name = "UpgradeRefused";
}

/** Tests whether a call failed (UNAVAILABLE and unsent) because the other side speaks HTTP, but not `hadron/1`. */
export function isUpgradeRefused(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof UpgradeRefused;
}

/** What the two sides know after the handshake. */
export interface Peer {
  readonly hello: Hello;
  /** Bytes of one encoded input that it accepts. */
  readonly maxInputBytes: number;
}

/** The caller's request. */
export function toUpgradeRequest(self: Hello, wanted: Hello): Buffer {
  return Buffer.from(
    `GET / HTTP/1.1\r\nHost: ${clean(wanted.service)}\r\nConnection: Upgrade\r\nUpgrade: hadron\r\n` +
      `Hadron-Version: ${PROTOCOL_VERSION}\r\n${toHeaders(self)}Hadron-Wanted-Service: ${clean(wanted.service)}\r\n` +
      `${wanted.replica === undefined ? "" : `Hadron-Wanted-Replica: ${clean(wanted.replica)}\r\n`}\r\n`,
    "latin1",
  );
}

/** The callee's verdict: the answer to write, and the caller where it is welcome. */
export interface Verdict {
  readonly answer: Buffer;
  readonly caller: Hello | undefined;
}

/** Looks at a request to upgrade. Another topology hash is another revision, and welcome. */
export function judge(headers: Headers, { self, maxInputBytes }: Dispatcher): Verdict {
  const version = one(headers, "hadron-version");
  if (version !== String(PROTOCOL_VERSION)) {
    const text = `This replica speaks version ${PROTOCOL_VERSION} of the protocol, and not ${version ?? "none"}.`;
    return { answer: refusal("426 Upgrade Required", "UNAVAILABLE", text), caller: undefined };
  }
  const app = one(headers, "hadron-app");
  const service = one(headers, "hadron-wanted-service");
  const replica = one(headers, "hadron-wanted-replica");
  if (app !== self.app || service !== self.service || (replica !== undefined && replica !== self.replica)) {
    const text = `This is ${self.replica ?? self.service} of the app ${self.app}, and not ${replica ?? service} of ${app}.`;
    return { answer: refusal("421 Misdirected Request", "UNAVAILABLE", text), caller: undefined };
  }
  const answer =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: hadron\r\n" +
    `Hadron-Version: ${PROTOCOL_VERSION}\r\n${toHeaders(self)}Hadron-Max-Input: ${maxInputBytes}\r\n\r\n`;
  const caller = {
    app,
    service: one(headers, "hadron-service") ?? "",
    replica: one(headers, "hadron-replica"),
    topology: one(headers, "hadron-topology") ?? "",
  };
  return { answer: Buffer.from(answer, "latin1"), caller };
}

/** Reads the answer to {@link toUpgradeRequest}. Throws a HadronError that is UNAVAILABLE and unsent. */
export function readAnswer(head: Head, wanted: Hello, where: string): Peer {
  const { first, headers } = head;
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1];
  if (status === undefined) throw unavailable(`${where} speaks another protocol: it answered "${first.slice(0, 60)}".`);
  const version = one(headers, "hadron-version");
  if (status === "426" && version !== undefined) {
    throw unavailable(
      `${where} speaks version ${version} of the protocol, and this replica ${PROTOCOL_VERSION}; deploy both anew.`,
    );
  }
  if (status === "421" && version !== undefined) {
    throw unavailable(`${where} is another replica now; it said: ${one(headers, "hadron-message") ?? ""}`);
  }
  if (status !== "101" || one(headers, "upgrade")?.toLowerCase() !== "hadron") {
    const cause = new UpgradeRefused(`HTTP status ${status}`);
    throw unavailable(
      `${where} speaks HTTP, but does not know the protocol of replicas: it answered with status ${status}.`,
      cause,
    );
  }
  const hello = {
    app: one(headers, "hadron-app") ?? "",
    service: one(headers, "hadron-service") ?? "",
    replica: one(headers, "hadron-replica"),
    topology: one(headers, "hadron-topology") ?? "",
  };
  // The other side has checked this, too. A lying one must not get the calls of another.
  if (
    hello.app !== wanted.app ||
    hello.service !== wanted.service ||
    (wanted.replica ?? hello.replica) !== hello.replica
  ) {
    throw unavailable(`${where} is ${hello.replica ?? hello.service} of the app ${hello.app} now.`);
  }
  const maxInputBytes = Number(one(headers, "hadron-max-input"));
  return { hello, maxInputBytes: maxInputBytes > 0 ? maxInputBytes : Number.POSITIVE_INFINITY };
}

/** The head of an HTTP message. */
export interface Head {
  /** The request or status line. */
  readonly first: string;
  readonly headers: Headers;
}

/** Collects a head, byte by byte if it comes so. */
export class HeadReader {
  #text = "";

  /** Returns the head and what came after it once it is whole. Throws a RangeError where there is no end to it. */
  push(chunk: Buffer): { readonly head: Head; readonly rest: Buffer } | undefined {
    const before = this.#text.length;
    this.#text += chunk.latin1Slice(0, Math.min(chunk.length, MOST_HEAD_BYTES + 4));
    const end = this.#text.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (end < 0) {
      if (this.#text.length > MOST_HEAD_BYTES)
        throw new RangeError(`A head of more than ${MOST_HEAD_BYTES} bytes came.`);
      return undefined;
    }
    const [first = "", ...lines] = this.#text.slice(0, end).split("\r\n");
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
    return { head: { first, headers }, rest: chunk.subarray(end + 4 - before) };
  }

  /** What has come so far, to say something about it. */
  get begin(): string {
    return this.#text.slice(0, 60);
  }
}

function toHeaders({ app, service, replica, topology }: Hello): string {
  return (
    `Hadron-App: ${clean(app)}\r\nHadron-Service: ${clean(service)}\r\n` +
    `${replica === undefined ? "" : `Hadron-Replica: ${clean(replica)}\r\n`}Hadron-Topology: ${clean(topology)}\r\n`
  );
}

/** A name may come from outside, and must not begin another header. */
function clean(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, "?");
}

function refusal(status: string, code: string, message: string): Buffer {
  const body = JSON.stringify({ error: { code, message } });
  return Buffer.from(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nHadron-Version: ${PROTOCOL_VERSION}\r\nHadron-Message: ${clean(message)}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function one(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}

function unavailable(message: string, cause?: unknown): HadronError {
  return new HadronError("UNAVAILABLE", message, { unsent: true, cause });
}
