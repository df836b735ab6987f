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
  readonly body: string;
  /** What the body of each answer must be. */
  readonly expected: string;
}

let sockets: readonly Socket[] = [];
let request: Buffer;
let answerBytes = 0;

serveSide({ open, load });

async function open({ port, connections, path = "/", body, expected }: Target): Promise<void> {
  request = Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  sockets = await Promise.all(Array.from({ length: connections }, () => connected(port)));
  for (const socket of sockets) answerBytes = await ask(socket, expected);
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** One request, its answer checked. Returns the answer's length. */
function ask(socket: Socket, expected: string): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once("data", (chunk: Buffer) => {
      const text = chunk.toString();
      if (text.startsWith("HTTP/1.1 200 ") && text.endsWith(`\r\n\r\n${expected}`)) resolve(chunk.length);
      else reject(new Error(`The server answered:\n${text}`));
    });
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
        if (bytes === answerBytes && chunk[chunk.length - 1] === CLOSING_BRACE) calls++;
        else if (bytes === chunk.length && chunk.includes('"code":"OVERLOADED"')) refused++;
        else return reject(new Error(`Another answer came:\n${chunk}`));
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

const CLOSING_BRACE = "}".charCodeAt(0);
