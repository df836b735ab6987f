/** tRPC with its batches over HTTP: with as many calls under way as here they beat its WebSocket. */
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import { initTRPC } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { hello } from "../../local/handlers.ts";
import { serveOther } from "./side.ts";

const t = initTRPC.create();
const router = t.router({
  hello: t.procedure.input((input) => input as string).query(({ input }) => hello(input)),
});

serveOther({
  listen() {
    const server = createHTTPServer({ router });
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
      });
    });
  },
  connect(url) {
    const trpc = createTRPCClient<typeof router>({ links: [httpBatchLink({ url })] });
    return (name) => trpc.hello.query(name);
  },
});
