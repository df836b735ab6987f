import { HadronError } from "../../../errors.ts";
import type { Hello } from "../../transport.ts";
import { PROTOCOL_VERSION } from "../frames/frames.ts";
import { type Head, header, toHeaderValue } from "../handshake/head.ts";
import { readHello, toHelloHeaders } from "../handshake/hello.ts";

/**
 * The cause of a call's failure where the other side is an HTTP server that does not know this protocol: it can be
 * called by JSON-RPC. See {@link isUpgradeRefused}.
 */
class UpgradeRefused extends Error {
  override readonly name = "UpgradeRefused";
}

/** Tests whether a call failed (UNAVAILABLE and unsent) because the other side speaks HTTP, but not `hadron/1`. */
export function isUpgradeRefused(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof UpgradeRefused;
}

/** What a caller knows of the replica after the handshake. */
export interface Callee {
  readonly hello: Hello;
  /** Bytes of one encoded input that it accepts. */
  readonly maxInputBytes: number;
}

/** The caller's request. `connection` names this one among all. */
export function toUpgradeRequest(self: Hello, wanted: Hello, connection: string): Buffer {
  return Buffer.from(
    `GET / HTTP/1.1\r\nHost: ${toHeaderValue(wanted.service)}\r\nConnection: Upgrade\r\nUpgrade: hadron\r\n` +
      `Hadron-Version: ${PROTOCOL_VERSION}\r\nHadron-Connection: ${connection}\r\n${toHelloHeaders(self)}` +
      `Hadron-Wanted-Service: ${toHeaderValue(wanted.service)}\r\n` +
      `${wanted.replica === undefined ? "" : `Hadron-Wanted-Replica: ${toHeaderValue(wanted.replica)}\r\n`}\r\n`,
    "latin1",
  );
}

/** Reads the answer to {@link toUpgradeRequest}. Throws a HadronError that is UNAVAILABLE and unsent. */
export function readAnswer(head: Head, wanted: Hello, where: string): Callee {
  const { first, headers } = head;
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1];
  if (status === undefined) throw unavailable(`${where} speaks another protocol: it answered "${first.slice(0, 60)}".`);
  const version = header(headers, "hadron-version");
  if (status === "426" && version !== undefined) {
    throw unavailable(
      `${where} speaks version ${version} of the protocol, and this replica ${PROTOCOL_VERSION}; deploy both anew.`,
    );
  }
  if (status === "421" && version !== undefined) {
    throw unavailable(`${where} is another replica now; it said: ${header(headers, "hadron-message") ?? ""}`);
  }
  if (status !== "101" || header(headers, "upgrade")?.toLowerCase() !== "hadron") {
    const cause = new UpgradeRefused(`HTTP status ${status}`);
    throw unavailable(
      `${where} speaks HTTP, but does not know the protocol of replicas: it answered with status ${status}.`,
      cause,
    );
  }
  const hello = readHello(headers);
  // The other side has checked this, too. A lying one must not get the calls of another.
  if (
    hello.app !== wanted.app ||
    hello.service !== wanted.service ||
    (wanted.replica ?? hello.replica) !== hello.replica
  ) {
    throw unavailable(`${where} is ${hello.replica ?? hello.service} of the app ${hello.app} now.`);
  }
  const maxInputBytes = Number(header(headers, "hadron-max-input"));
  return { hello, maxInputBytes: maxInputBytes > 0 ? maxInputBytes : Number.POSITIVE_INFINITY };
}

function unavailable(message: string, cause?: unknown): HadronError {
  return new HadronError("UNAVAILABLE", message, { unsent: true, cause });
}
