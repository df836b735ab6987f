/**
 * Loads an HTTP server through raw sockets, one request under way on each. It knows how long an answer is after the first
 * one, and only counts bytes from then on, so that it stays idler than any server that it loads.
 */
import { connect, type Socket } from "node:net";
import type { Driven } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";

interface Target {
  readonly port: number;
  readonly connections: number;
  /** @default "/" */
  readonly path?: string;
  /** Sent as JSON by POST. @default GET is asked, without one */
  readonly body?: string;
  /** What the body of each answer must be; or how many bytes it has, whatever they are. */
  readonly expected: string | number;
}

let sockets: readonly Socket[] = [];
let request: Buffer;
let answerBytes = 0;
let lastByte = 0;

serveSide({ open, load });

async function open({ port, connections, path = "/", body, expected }: Target): Promise<void> {
  const about =
    body === undefined ? "" : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
  const method = body === undefined ? "GET" : "POST";
  request = Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${about}\r\n${body ?? ""}`);
  sockets = await Promise.all(Array.from({ length: connections }, () => connected(port)));
  for (const socket of sockets) {
    const answer = await ask(socket, expected);
    answerBytes = answer.length;
    lastByte = answer[answer.length - 1] ?? 0;
  }
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** One request, its answer checked. Returns the answer. */
function ask(socket: Socket, expected: string | number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const take = (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf("\r\n\r\n");
      if (end === -1) return;
      const head = answer.subarray(0, end).toString();
      const length = Number(/^content-length: *(\d+)$/im.exec(head)?.[1]);
      if (answer.length < end + 4 + length) return;
      socket.off("data", take);
      const body = answer.subarray(end + 4);
      const isRight = typeof expected === "number" ? body.length === expected : body.toString() === expected;
      if (head.startsWith("HTTP/1.1 200 ") && isRight) resolve(answer);
      else reject(new Error(`The server answered:\n${answer.subarray(0, 2000)}`));
    };
    socket.on("data", take);
    socket.write(request);
  });
}

function load({ ms }: { ms: number }): Promise<Driven> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    let [calls, refused] = [0, 0];
    let open = sockets.length;
    for (const socket of sockets) {
      const closed = () => reject(new Error("The server closed a connection."));
      let bytes = 0;
      const take = (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes < answerBytes) return;
        if (bytes === answerBytes && chunk[chunk.length - 1] === lastByte) calls++;
        else if (bytes === chunk.length && chunk.includes('"code":"OVERLOADED"')) refused++;
        else return reject(new Error(`Another answer came:\n${chunk.subarray(0, 2000)}`));
        bytes = 0;
        const now = performance.now();
        if (now - startedAt < ms) return socket.write(request);
        socket.off("data", take).off("close", closed);
        if (--open === 0) resolve({ calls, ms: now - startedAt, refused });
      };
      socket.on("data", take);
      socket.on("close", closed);
      socket.write(request);
    }
  });
}
