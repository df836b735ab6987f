import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { type Address, image, onStart, type StartContext, service } from "@hadron/core";
import { compose, pattern } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { expect, expectTypeOf, test } from "vitest";

/** Stands in for a server that says a word to whoever connects. */
function speaker(word: string, more: { readonly start?: (context: StartContext) => unknown } = {}) {
  return pattern({
    name: "speaker",
    children: {},
    root: () => {
      let server: Server;
      return {
        async [onStart](context: StartContext) {
          await more.start?.(context);
          server = createServer((socket) => socket.end(word));
          await once(server.listen(0, "127.0.0.1"), "listening");
          return { addresses: { words: `127.0.0.1:${(server.address() as AddressInfo).port}` } };
        },
        async [Symbol.asyncDispose]() {
          await new Promise((resolve) => server.close(resolve));
        },
      };
    },
  });
}

async function hear({ host, port }: Address): Promise<string> {
  let heard = "";
  for await (const part of connect(port, host).setEncoding("utf8")) heard += part;
  return heard;
}

const words = { ports: { words: 9000 } };

test("a stand-in takes the image's place, and its address is told to tests and to handlers", async () => {
  const store = service("store", image("speaker:1", { ...words, standIn: speaker("hello") }));
  const reader = service("reader", async () => hear(await store.address("words")));
  const app = await start(store, reader);
  const address = await store.address();
  expect(await hear(address)).toBe("hello");
  expect(await reader()).toBe("hello");
  await app.close();
  await expect(hear(address)).rejects.toThrow("ECONNREFUSED");
});

test("a stand-in has the image's storage", async () => {
  const standIn = speaker("", { start: ({ replica }) => writeFileSync(join(replica.storage!, "kept"), "x") });
  const store = service("store", image("speaker:1", { ...words, standIn, storage: { path: "/data" } }));
  await using app = await start(store);
  expect(app.replica(store).state).toBe("ready");
});

test("an address is waited for while the stand-in starts", async () => {
  const gate = Promise.withResolvers<void>();
  let first = true;
  const standIn = speaker("again", { start: () => (first ? undefined : gate.promise) });
  const store = service("store", image("speaker:1", { ...words, standIn }));
  await using app = await start(store);
  first = false;
  app.replica(store).restart();
  const address = store.address("words");
  gate.resolve();
  expect(await hear(await address)).toBe("again");
});

test("an address that is not told in the time of the handler that asks is UNAVAILABLE, with the reason", async () => {
  const store = service("store", image("speaker:1", { ...words, standIn: speaker("") }));
  // The caller's own time is over in the same moment: what its handler is told, only that handler knows.
  const told = Promise.withResolvers<unknown>();
  const reader = service("reader", () =>
    store.address("words").catch((error) => {
      told.resolve(error);
      throw error;
    }),
  );
  await using app = await start(store, reader);
  app.replica(store).kill();
  await expect(reader.with({ timeoutMs: 100 })()).rejects.toThrow();
  expect(await told.promise).toMatchObject({
    code: "UNAVAILABLE",
    message: '"store" has not told in time where its port "words" is: killed by the test.',
  });
});

test("without a stand-in an image is refused in tests, and the error says what to do", async () => {
  await expect(start(service("cache", image("redis:7")))).rejects.toMatchObject({
    code: "WRONG_USE",
    message:
      '"cache" is the image redis:7, and a test\'s process runs no containers: give it a part that takes its place, image(…, { standIn }).',
  });
});

test("a stand-in that does not say where a port is has failed", async () => {
  const silent = { [onStart]: () => ({ addresses: { words: "127.0.0.1:1" } }) };
  const two = image("speaker:1", { ports: { words: 9000, metrics: 9100 }, standIn: silent });
  await expect(start(service("store", two))).rejects.toThrow(
    'store.0: its start failed: the stand-in does not say where port "metrics" is: return { addresses: { metrics: "127.0.0.1:PORT" } }',
  );
  const odd = image("speaker:1", { ...words, standIn: { [onStart]: () => ({ addresses: { words: "here" } }) } });
  await expect(start(service("store", odd))).rejects.toThrow('"here" is no address: write host:port');
});

test("an image's value names its ports, and no others", async () => {
  const store = service("store", image("speaker:1", { ports: { words: 1, metrics: 2 } }));
  expectTypeOf(store.address).parameter(0).toEqualTypeOf<"words" | "metrics" | undefined>();
  // @ts-expect-error: there is no such port
  await expect(store.address("word")).rejects.toThrow('"store" has no port "word"; there are words, metrics.');
  await expect(service("none", image("busybox:1")).address()).rejects.toThrow('"none" has no port; there are none');
  expectTypeOf(service("one", image("redis:7", { port: 6379 })).address)
    .parameter(0)
    .toEqualTypeOf<"main" | undefined>();
});

test("only what works without being called can stand in", () => {
  const refuse = (standIn: unknown) => () => image("redis:7", { standIn: standIn as never });
  expect(refuse(service("a", () => 1))).toThrow('the stand-in of image("redis:7") is the service "a"');
  expect(refuse(image("redis:6"))).toThrow("is an image, and should be a part with [onStart]");
  expect(() => compose("test", [service("cache", image("redis:7", { standIn: { get: () => 1 } as never }))])).toThrow(
    'The stand-in of "cache" has a procedure, "get", and nobody could call it',
  );
});

test("that an image has a stand-in is in the topology, and nothing else of it", () => {
  const of = (more: object) => compose("test", [service("store", image("speaker:1", { ...words, ...more }))]).topology;
  const [plain, stood] = [of({}), of({ standIn: speaker("") })];
  expect(stood.services[0]).toEqual({ ...plain.services[0], standIn: true });
});
