import type { Dispatcher, Hello } from "../../transport.ts";
import { PROTOCOL_VERSION } from "../frames/frames.ts";
import { type Headers, header, toHeaderValue } from "../handshake/head.ts";
import { readHello, toHelloHeaders } from "../handshake/hello.ts";

/** The callee's verdict: the answer to write, and the caller where it is welcome. */
export interface Verdict {
  readonly answer: Buffer;
  readonly caller: Hello | undefined;
  /** The connection's name; undefined: the caller is of an earlier version, and gave none. */
  readonly connection: string | undefined;
}

/** Looks at a request to upgrade. Another topology hash is another revision, and welcome. */
export function judge(headers: Headers, { self, maxInputBytes }: Dispatcher): Verdict {
  const version = header(headers, "hadron-version");
  if (version !== String(PROTOCOL_VERSION)) {
    const text = `This replica speaks version ${PROTOCOL_VERSION} of the protocol, and not ${version ?? "none"}.`;
    return refusal("426 Upgrade Required", "UNAVAILABLE", text);
  }
  const app = header(headers, "hadron-app");
  const service = header(headers, "hadron-wanted-service");
  const replica = header(headers, "hadron-wanted-replica");
  if (app !== self.app || service !== self.service || (replica !== undefined && replica !== self.replica)) {
    const text = `This is ${self.replica ?? self.service} of the app ${self.app}, and not ${replica ?? service} of ${app}.`;
    return refusal("421 Misdirected Request", "UNAVAILABLE", text);
  }
  const answer =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: hadron\r\n" +
    `Hadron-Version: ${PROTOCOL_VERSION}\r\n${toHelloHeaders(self)}Hadron-Max-Input: ${maxInputBytes}\r\n\r\n`;
  const connection = header(headers, "hadron-connection");
  return { answer: Buffer.from(answer, "latin1"), caller: readHello(headers), connection };
}

function refusal(status: string, code: string, message: string): Verdict {
  const body = JSON.stringify({ error: { code, message } });
  const answer = Buffer.from(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nHadron-Version: ${PROTOCOL_VERSION}\r\nHadron-Message: ${toHeaderValue(message)}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return { answer, caller: undefined, connection: undefined };
}
