/** tRPC over one WebSocket: on calls that overlap it was faster than its batches over HTTP. */
import { createTRPCClient, createWSClient, wsLink } from "@trpc/client";
import { initTRPC } from "@trpc/server";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocket, WebSocketServer } from "ws";
import { hello } from "../../local/handlers.ts";
import { serveOther } from "./side.ts";

const t = initTRPC.create();
const router = t.router({
  hello: t.procedure.input((input) => input as string).query(({ input }) => hello(input)),
});

serveOther({
  listen() {
    const wss = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    applyWSSHandler({ wss, router });
    return new Promise((resolve) => {
      wss.on("listening", () => resolve(`ws://127.0.0.1:${(wss.address() as { port: number }).port}`));
    });
  },
  connect(url) {
    const client = createWSClient({ url, WebSocket: WebSocket as never });
    const trpc = createTRPCClient<typeof router>({ links: [wsLink({ client })] });
    return (name) => trpc.hello.query(name);
  },
});
