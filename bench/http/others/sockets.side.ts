/** Either side of many WebSockets: a bare `ws` server that echoes, or clients that send, wait for the echo, and send again. */
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import type { Driven } from "../../harness-drive.ts";
import { serveSide } from "../../harness-process.ts";

const MESSAGE = JSON.stringify({ text: "hello" });
/** Opened at once: more would overflow a listener's queue. */
const AT_ONCE = 50;

let sockets: readonly WebSocket[] = [];

serveSide({
  async serve() {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    server.on("connection", (socket) => {
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    await new Promise((resolve) => server.once("listening", resolve));
    return (server.address() as AddressInfo).port;
  },
  async open({ url, count }: { url: string; count: number }) {
    const opened: WebSocket[] = [];
    while (opened.length < count) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - opened.length) }, () => new WebSocket(url));
      await Promise.all(
        some.map((socket) => new Promise((resolve, reject) => void socket.once("open", resolve).once("error", reject))),
      );
      opened.push(...some);
    }
    sockets = opened;
  },
  load({ ms }: { ms: number }): Promise<Driven> {
    return new Promise((resolve, reject) => {
      const startedAt = performance.now();
      let calls = 0;
      let open = sockets.length;
      for (const socket of sockets) {
        const closed = (code: number) => reject(new Error(`A socket was closed: ${code}`));
        const take = (data: Buffer) => {
          if (data.toString() !== MESSAGE) return reject(new Error(`Another message came back: ${data}`));
          calls++;
          if (performance.now() - startedAt < ms) return socket.send(MESSAGE);
          socket.off("message", take).off("close", closed);
          if (--open === 0) resolve({ calls, ms: performance.now() - startedAt, refused: 0 });
        };
        socket.on("message", take).on("close", closed);
        socket.send(MESSAGE);
      }
    });
  },
});
