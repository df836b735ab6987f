import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createServer } from "../../../src/serve/server/server.ts";
import type { Route } from "../../../src/transport/http/route.ts";
import { TestDispatcher, until } from "../../../src/transport/suite/index.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const hello: Route = { method: "GET", path: "/", handle: (_, response) => void response.end("hello") };

async function serve() {
  const dispatcher = new TestDispatcher({});
  const server = createServer({
    dispatcher,
    idle: () => Promise.resolve(),
    discover: () => ({ openrpc: "1.3.2" }),
  });
  closers.push(() => server.drain(0));
  const address = await server.listen("tcp:127.0.0.1:0", { routes: [hello] });
  const open = () => {
    const client = new Client(connect(Number(address.slice(address.lastIndexOf(":") + 1)), "127.0.0.1"));
    closers.push(() => client.socket.destroy());
    return client;
  };
  return { server, open };
}

/** A client that does no more than it is told: what it has sent and what has come. */
class Client {
  readonly socket: Socket;
  received = "";
  ended = false;
  error: Error | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.received += chunk;
    });
    socket.on("end", () => {
      this.ended = true;
    });
    socket.on("error", (error) => {
      this.error = error;
    });
  }

  ask(): void {
    this.socket.write("GET / HTTP/1.1\r\nhost: here\r\n\r\n");
  }

  async answers(count: number): Promise<void> {
    await until(
      () => this.error !== undefined || this.received.split("hello").length > count,
      `answer ${count} has come`,
    );
    if (this.error !== undefined) throw this.error;
  }
}

test("who is connected, and waits to be accepted, when the server is drained is answered", async () => {
  const { server, open } = await serve();
  const waiting = Array.from({ length: 40 }, open);
  // The system has connected them, and no turn of the event loop has come in which one is accepted.
  for (const client of waiting) client.ask();
  await new Promise((resolve) => process.nextTick(resolve));
  const drained = server.drain(10_000);
  await Promise.all(waiting.map((client) => client.answers(1)));
  expect(waiting.every(({ received }) => /^connection: close\r$/im.test(received))).toBe(true);
  expect(await drained).toBe(true);
});

test("a connection that is idle when its server leaves is served on, and told to end with that answer", async () => {
  const { server, open } = await serve();
  const [used, idle] = [open(), open()];
  for (const client of [used, idle]) client.ask();
  for (const client of [used, idle]) await client.answers(1);
  expect(used.received).not.toMatch(/^connection: close\r$/im);
  server.leave();
  // Longer than it would be kept while the server is drained: whoever stalls for so long is not cut off.
  await new Promise((resolve) => setTimeout(resolve, 1300));
  expect([used.ended, idle.ended]).toEqual([false, false]);
  used.ask();
  await used.answers(2);
  expect(used.received).toMatch(/^connection: close\r$/im);
  await until(() => used.ended, "it is ended");
  // Somebody who has not heard of it yet.
  const late = open();
  late.ask();
  await late.answers(1);
  expect(late.received).toMatch(/^connection: close\r$/im);
  const drained = server.drain(10_000);
  await once(idle.socket, "end");
  expect(await drained).toBe(true);
});
