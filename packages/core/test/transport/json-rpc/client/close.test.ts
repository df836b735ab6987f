import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createSystemClock } from "../../../../src/clock/system-clock.ts";
import { Scope } from "../../../../src/scope/scope.ts";
import type { IncomingStream } from "../../../../src/transport/incoming-stream.ts";
import { createHttpTransport } from "../../../../src/transport/json-rpc/client/connection.ts";
import { until } from "../../../../src/transport/suite/index.ts";
import type { Connection } from "../../../../src/transport/transport.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that answers as told, or never; a connection to it. */
async function connectTo(answer: Parameters<typeof createServer>[1] = () => {}) {
  const sockets = new Set<Socket>();
  const server: Server = createServer(answer);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  const nobody = { app: "", service: "", replica: undefined, topology: "" };
  const connection = createHttpTransport().connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    self: nobody,
    wanted: nobody,
    stateChanged: () => {},
    maxOutputBytes: 1e6,
  });
  const scopes: Scope[] = [];
  closers.push(() => scopes.map((scope) => scope.end()));
  const call = (to: Connection = connection) => {
    const scope = new Scope({ clock: createSystemClock(), deadlineAt: performance.now() + 20_000 });
    scopes.push(scope);
    return to.call({ procedure: "x", input: 1, scope });
  };
  return { connection, call, sockets };
}

test("closing an HTTP connection fails its calls as UNAVAILABLE at once, sent or not", async () => {
  let came = 0;
  const { connection, call, sockets } = await connectTo(() => came++);
  const sent = Promise.allSettled([call(), call()]);
  await until(() => came === 2, "both have been sent");
  // More than there may be lines, so that some wait for one.
  const unsent = Promise.allSettled(Array.from({ length: 200 }, () => call()));
  connection.close();
  for (const outcome of await sent) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "UNAVAILABLE", unsent: false } });
  }
  for (const outcome of await unsent) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "UNAVAILABLE", unsent: true } });
  }
  expect(connection.inFlight).toBe(0);
  await expect(call()).rejects.toMatchObject({ code: "UNAVAILABLE", unsent: true });
  await until(() => sockets.size === 0, "no connection is left");
});

test("closing an HTTP connection ends a stream with UNAVAILABLE after the items that came", async () => {
  const line = JSON.stringify({ jsonrpc: "2.0", method: "rpc.item", params: { id: 1, item: "first" } });
  const { connection, call } = await connectTo((_, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.write(`${line}\n`);
  });
  const items = (await call()) as IncomingStream;
  expect(await items.next()).toEqual({ done: false, value: "first" });
  const next = items.next();
  connection.close();
  await expect(next).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("by this side") });
});
