import { connect, createServer, type Socket } from "node:net";
import { service } from "@hadron/core";
import { compose } from "@hadron/core/spi";
import { afterEach, expect, test } from "vitest";
import { TableDirectory } from "../../../src/call/directory/table-directory.ts";
import { createHost } from "../../../src/call/host/host.ts";
import { ReplicaServer } from "../../../src/serve/replica-server.ts";
import { until } from "../../../src/transport/suite/index.ts";
import { callUrl } from "../../call-url.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const HEADERS_MS = 400;

function createReplica(): ReplicaServer {
  const app = compose("test", [service("echo", (input: unknown) => input)]);
  const self = { app: "test", service: "echo", replica: "echo.0", topology: "hash" };
  const host = createHost({ self, directory: new TableDirectory(), transports: {}, app });
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const times = { headersMs: HEADERS_MS };
  const server = new ReplicaServer({
    app,
    host,
    self,
    service: "echo",
    ordinal: 0,
    revision: "r",
    log,
    count: () => 1,
    times,
  });
  closing.push(() => server.drain(0));
  return server;
}

/** A replica that listens, or whose connections somebody else accepts, as on this machine. Returns the port. */
async function serve(how: "listens" | "is passed connections"): Promise<number> {
  const replica = createReplica();
  if (how === "listens") {
    const [address] = await replica.listen(["tcp:127.0.0.1:0"], { exposed: true });
    replica.ready();
    return Number(address!.split(":").at(-1));
  }
  replica.ready();
  const acceptor = createServer((socket) => replica.take(socket));
  await new Promise<void>((resolve) => acceptor.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => acceptor.close(resolve)));
  return (acceptor.address() as { port: number }).port;
}

test.each(["listens", "is passed connections"] as const)(
  "connections that never say what they want are let go by a replica that %s, and others are served",
  async (how) => {
    const port = await serve(how);
    const url = `http://127.0.0.1:${port}`;
    const sockets: Socket[] = [];
    let open = 0;
    const kinds = ["", "P", "POST / HTTP/1.1\r\nhost: x\r\n", "POST / HTTP/1.1\r\nhost: x\r\nx-slow: "];
    try {
      for (let index = 0; index < 200; index++) {
        const socket = connect(port, "127.0.0.1");
        sockets.push(socket);
        open++;
        socket.on("error", () => {});
        socket.on("close", () => open--);
        // What it says to them is read: else it could not be seen that it ends.
        socket.resume();
        socket.write(kinds[index % kinds.length]!);
      }
      // One that says a little all the time has not said more.
      const drip = setInterval(() => {
        for (const [index, socket] of sockets.entries()) if (index % 4 === 3 && socket.writable) socket.write("x");
      }, 50);
      closing.push(() => clearInterval(drip));
      expect(await callUrl(url, "echo", 1)).toBe(1);
      expect(open).toBe(200);
      await until(() => open === 0, "all of them are let go");
      expect(await callUrl(url, "echo", 2)).toBe(2);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  },
);
