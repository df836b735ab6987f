import type { IncomingMessage } from "node:http";
import type { WebSocket, WebSocketServer } from "ws";
import type { Answer } from "../answer/answer.ts";
import { problem } from "../answer/http-answer.ts";
import { toAnswer } from "../answer/to-answer.ts";
import type { Arrived } from "../request/arrived.ts";
import type { ResolvedSocketOptions } from "../routes/socket-types.ts";
import { ByteStream } from "./byte-stream.ts";

/** How long a client may take to answer a close. */
const CLOSE_MS = 5_000;

/** A socket that was agreed on: it begins when its stream is opened. */
export interface Agreed {
  readonly socket: WebSocket;
  readonly stream: ByteStream;
  /** Of the answer 101. */
  readonly headers: string[];
}

/** Agrees with a client on a socket, or says in an answer why not: RFC 6455, section 4.2. */
export async function shakeHands(
  { method, url, headers, chunks }: Arrived,
  { maxMessageBytes, protocols }: ResolvedSocketOptions,
): Promise<Agreed | Answer> {
  if (chunks === undefined) return upgradeRequired();
  const { WebSocketServer } = await import("ws");
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    closeTimeout: CLOSE_MS,
    handleProtocols: (asked: Set<string>) => protocols.find((protocol) => asked.has(protocol)) ?? false,
  };
  const server: WebSocketServer = new WebSocketServer(options);
  const stream = new ByteStream(chunks());
  // What is no WebSocket of version 13 is answered by the library, into the stream.
  let socket: WebSocket | undefined;
  const request = { method, url, headers } as unknown as IncomingMessage;
  server.handleUpgrade(request, stream, Buffer.alloc(0), (agreed) => {
    socket = agreed;
  });
  const head = parseHead(stream.takeWritten().toString("latin1"));
  return socket === undefined ? refusal(head) : { socket, stream, headers: head.headers };
}

function upgradeRequired(): Answer {
  const { status, headers, body } = problem(426, "Here is a WebSocket: ask with Upgrade: websocket.");
  return { status, headers: [...headers, "upgrade", "websocket"], body };
}

interface Head {
  readonly status: number;
  readonly headers: string[];
}

function refusal({ status, headers }: Head): Answer | Promise<Answer> {
  const told = headers.flatMap((name, at) =>
    at % 2 === 0 && name.startsWith("sec-websocket-") ? [name, headers[at + 1] as string] : [],
  );
  const refused = toAnswer(problem(status, "That is no WebSocket of version 13 (RFC 6455)."));
  return Promise.resolve(refused).then((answer) => ({ ...answer, headers: [...answer.headers, ...told] }));
}

function parseHead(text: string): Head {
  const [first = "", ...lines] = (text.split("\r\n\r\n", 1)[0] ?? "").split("\r\n");
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(first.split(" ")[1]), headers };
}
