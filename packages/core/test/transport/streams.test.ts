import { type Context, procedure, type Service, service } from "@hadron/core";
import { shard, spread } from "@hadron/patterns";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { toClient } from "../../src/call/client/client.ts";
import { HadronError } from "../../src/errors.ts";
import { start } from "../../src/testing/index.ts";
import { until } from "../../src/transport/suite/index.ts";
import { createRig } from "../call/rig.ts";

/** What the handlers of a test did. */
const seen = { made: 0, returned: 0, aborted: 0, taken: [] as unknown[] };

const numbers = service("numbers", {
  count: async function* (to: number, { signal }: Context) {
    signal.addEventListener("abort", () => seen.aborted++, { once: true });
    try {
      for (let n = 1; n <= to; n++) {
        seen.made++;
        yield n;
      }
    } finally {
      seen.returned++;
    }
  },
  rich: async function* () {
    yield { at: new Date(5), bytes: new Uint8Array([1, 2]) };
    yield undefined;
    yield new Map([[1n, "x"]]);
  },
  breaks: async function* (after: number) {
    for (let n = 1; n <= after; n++) yield n;
    throw new HadronError("NOT_FOUND", "There is no more.");
  },
  throws: async function* () {
    yield 1;
    throw new TypeError("bad luck");
  },
  endless: async function* (_: number, { signal }: Context) {
    try {
      yield "first";
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
    } finally {
      seen.returned++;
    }
  },
  large: async function* (sizes: readonly number[]) {
    for (const size of sizes) yield "x".repeat(size);
  },
  unsendable: async function* () {
    try {
      yield 1;
      yield { f: () => 1 };
    } finally {
      seen.returned++;
    }
  },
  nested: () => ({ items: upTo(1) }),
  plain: (n: number) => n,
  checked: procedure({ output: z.number() }, async function* () {
    yield 1;
    yield "two" as unknown as number;
  }),
  sum: async (items: AsyncIterable<number>) => {
    let sum = 0;
    for await (const n of items) sum += n;
    return sum;
  },
  double: async function* (items: AsyncIterable<number>) {
    for await (const n of items) yield n * 2;
  },
  firstOf: async (items: AsyncIterable<unknown>) => {
    for await (const one of items) return one;
    return "none";
  },
  ignore: async (_: AsyncIterable<unknown>) => "ignored",
  failsOn: async (items: AsyncIterable<number>) => {
    try {
      for await (const n of items) seen.taken.push(n);
    } catch (error) {
      seen.taken.push((error as HadronError).code);
      throw error;
    }
  },
});

type Numbers = typeof numbers;

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of items) all.push(one);
  return all;
}

async function failureOf(items: AsyncIterable<unknown>): Promise<{ items: unknown[]; error: HadronError }> {
  const got: unknown[] = [];
  try {
    for await (const one of items) got.push(one);
  } catch (error) {
    return { items: got, error: error as HadronError };
  }
  throw new Error("It did not fail.");
}

async function* upTo(count: number, made: { n: number; returned?: boolean } = { n: 0 }) {
  try {
    for (let n = 1; n <= count; n++) {
      made.n = n;
      yield n;
    }
  } finally {
    made.returned = true;
  }
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The service over each kind of connection, and how much its replica has at work. */
async function serve(
  kind: "memory" | "unix" | "tcp",
): Promise<{ client: Numbers; atWork: () => number; kill: () => unknown }> {
  Object.assign(seen, { made: 0, returned: 0, aborted: 0, taken: [] });
  if (kind === "memory") {
    const app = await start(numbers);
    closers.push(() => app.close());
    return { client: app.client(numbers) as Numbers, atWork: () => 0, kill: () => app.replica("numbers").kill() };
  }
  const rig = createRig(numbers);
  closers.push(() => rig[Symbol.asyncDispose]());
  const replica = await rig.serve("numbers", 0, kind);
  rig.publish("numbers", [{ address: replica.address }]);
  const { procedures } = rig.app.services.get("numbers")!.topology;
  const client = toClient(
    "numbers",
    () => procedures.map((name) => ({ name })),
    (name, input, options) => rig.host.call("numbers", name, input, options),
  ) as Numbers;
  return { client, atWork: () => replica.server.dispatcher.inFlight, kill: () => replica.kill() };
}

describe.each(["memory", "unix", "tcp"] as const)("a stream over %s", (kind) => {
  test("brings the items in order, and ends", async () => {
    const { client, atWork } = await serve(kind);
    expect(await collect(client.count(1000))).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(await collect(client.count(0))).toEqual([]);
    expect(seen.returned).toBe(2);
    expect(seen.aborted).toBe(0);
    expect(atWork()).toBe(0);
  });

  test("carries values as a call does", async () => {
    const { client } = await serve(kind);
    expect(await collect(client.rich())).toEqual([
      { at: new Date(5), bytes: new Uint8Array([1, 2]) },
      undefined,
      new Map([[1n, "x"]]),
    ]);
  });

  test("is made no faster than it is taken", async () => {
    const { client } = await serve(kind);
    const items = client.count(100_000)[Symbol.asyncIterator]();
    await items.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    // What may be ahead: 64 small items on their way, and some that are just being taken.
    expect(seen.made).toBeLessThan(150);
    for (let n = 2; n <= 1000; n++) expect((await items.next()).value).toBe(n);
    expect(seen.made).toBeLessThan(1150);
    await items.return!();
    await until(() => seen.returned === 1, "the generator is ended");
  });

  test("that nobody wants any more ends its generator and aborts its signal", async () => {
    const { client, atWork } = await serve(kind);
    for await (const n of client.count(1_000_000)) if (n === 10) break;
    await until(() => seen.returned === 1 && seen.aborted === 1, "the handler is told");
    for await (const one of client.endless(1)) {
      expect(one).toBe("first");
      break;
    }
    await until(() => seen.returned === 2, "the handler that waits is told");
    await until(() => atWork() === 0, "nothing is at work");
    expect(await client.plain(1)).toBe(1);
  });

  test("that fails brings what came before, then the error, with code and path", async () => {
    const { client } = await serve(kind);
    const { items, error } = await failureOf(client.breaks(200));
    expect(items).toHaveLength(200);
    expect(error).toMatchObject({ code: "NOT_FOUND", path: ["numbers"] });
    expect(await failureOf(client.throws())).toMatchObject({ items: [1], error: { code: "HANDLER_FAILED" } });
  });

  test("ends at the deadline of its call", async () => {
    const { client } = await serve(kind);
    const startedAt = performance.now();
    const { items, error } = await failureOf(client.with({ timeoutMs: 200 }).endless(1));
    expect(items).toEqual(["first"]);
    expect(error.code).toBe("DEADLINE_EXCEEDED");
    expect(performance.now() - startedAt).toBeGreaterThan(195);
    await until(() => seen.returned === 1, "the generator is ended");
  });

  test("ends when its caller's signal aborts, also after it has begun", async () => {
    const { client } = await serve(kind);
    const control = new AbortController();
    const got: unknown[] = [];
    const reading = (async () => {
      for await (const one of client.with({ signal: control.signal }).endless(1)) {
        got.push(one);
        control.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "CANCELLED" });
    expect(got).toEqual(["first"]);
    await until(() => seen.returned === 1, "the generator is ended");
  });

  test("carries large items between small ones", async () => {
    const { client } = await serve(kind);
    const sizes = [10, 3_000_000, 5, 200_000, 0, 131_072, 131_073, 1];
    expect((await collect(client.large(sizes))).map((one) => one.length)).toEqual(sizes);
  });

  test("of an item that cannot be sent fails there, and its generator is ended", async () => {
    const { client } = await serve(kind);
    const { items, error } = await failureOf(client.unsendable());
    expect(items).toEqual([1]);
    expect(error).toMatchObject({ code: "INVALID_OUTPUT", message: expect.stringContaining("output.f is a function") });
    expect(seen.returned).toBe(1);
    expect(await failureOf(client.checked())).toMatchObject({ items: [1], error: { code: "INVALID_OUTPUT" } });
    await expect(client.nested()).rejects.toMatchObject({ code: "INVALID_OUTPUT" });
  });

  test("is awaited in vain, and what is no stream is iterated in vain, with an error that says so", async () => {
    const { client } = await serve(kind);
    expect(await (client.count(3) as unknown as Promise<unknown>)).toHaveProperty("next");
    const { error } = await failureOf(client.plain(1) as unknown as AsyncIterable<unknown>);
    expect(error).toMatchObject({ code: "WRONG_USE", message: expect.stringContaining("use await") });
  });

  test("that breaks off in the middle is UNAVAILABLE, and names the replica", async () => {
    const { client, kill } = await serve(kind);
    const items = client.endless(1)[Symbol.asyncIterator]();
    expect((await items.next()).value).toBe("first");
    const next = items.next();
    void kill();
    const error = await Promise.resolve(next).then(
      () => undefined,
      (error: HadronError) => error,
    );
    expect(error).toMatchObject({
      code: expect.stringMatching(/UNAVAILABLE|CANCELLED/),
      path: [expect.stringMatching(/^numbers/)],
    });
  });

  test("may be an input, and may be answered by another", async () => {
    const { client } = await serve(kind);
    expect(await client.sum(upTo(1000))).toBe(500_500);
    expect(await collect(client.double(upTo(500)))).toEqual(Array.from({ length: 500 }, (_, i) => 2 * (i + 1)));
    expect(await client.sum(upTo(0))).toBe(0);
  });

  test("as input is made no faster than it is taken, and ended when nobody takes it", async () => {
    const { client, atWork } = await serve(kind);
    const made = { n: 0, returned: false };
    expect(await client.firstOf(upTo(1_000_000, made))).toBe(1);
    await until(() => made.returned, "the input is ended");
    expect(made.n).toBeLessThan(150);
    const untouched = { n: 0, returned: false };
    expect(await client.ignore(upTo(5, untouched))).toBe("ignored");
    expect(untouched.n).toBe(0);
    const doubled = { n: 0, returned: false };
    for await (const n of client.double(upTo(1_000_000, doubled))) if (n === 20) break;
    await until(() => doubled.returned, "the input of a stream is ended with it");
    expect(doubled.n).toBeLessThan(300);
    await until(() => atWork() === 0, "nothing is at work");
  });

  test("as input that fails, fails the call with the caller's own error, and cancels the handler", async () => {
    const { client } = await serve(kind);
    const own = new RangeError("out of numbers");
    async function* failing() {
      yield 1;
      yield 2;
      throw own;
    }
    await expect(client.failsOn(failing())).rejects.toBe(own);
    await until(() => seen.taken.length === 3, "the handler is told");
    expect(seen.taken).toEqual([1, 2, "CANCELLED"]);
    await expect(
      client.sum(
        (async function* () {
          yield (() => 1) as never;
        })(),
      ),
    ).rejects.toMatchObject({
      code: "INVALID_INPUT",
    });
  });

  test("many at once, some left early, all end", async () => {
    const { client, atWork } = await serve(kind);
    const lengths = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        let count = 0;
        for await (const _ of client.count(i * 20)) if (++count === 500) break;
        return count;
      }),
    );
    expect(lengths).toEqual(Array.from({ length: 50 }, (_, i) => Math.min(i * 20, 500)));
    await until(() => seen.returned === 50, "all generators ended");
    await until(() => atWork() === 0, "nothing is at work");
  });
});

describe("a stream through patterns", () => {
  const state = { made: 0, returned: 0 };
  const leaf = {
    count: async function* ({ key, to }: { key: string; to: number }, { replica }: Context) {
      try {
        for (let n = 1; n <= to; n++) {
          state.made = n;
          yield `${key}${replica.index}:${n}`;
        }
      } finally {
        state.returned++;
      }
    },
    add: async (input: AsyncIterable<number>) => {
      let sum = 0;
      for await (const n of input) sum += n;
      return sum;
    },
  };

  test.each([
    [
      "shard",
      () =>
        service("root", shard(3, { count: leaf.count }, { by: ({ key }) => key })) as unknown as Service<typeof leaf>,
    ],
    ["spread", () => service("root", spread(3, leaf))],
  ])("is passed on by %s, no faster than it is taken, and ended with it", async (_, create) => {
    Object.assign(state, { made: 0, returned: 0 });
    const root = create();
    await using _app = await start(root);
    expect(await collect(root.count({ key: "a", to: 300 }))).toHaveLength(300);
    const items = root.count({ key: "a", to: 100_000 })[Symbol.asyncIterator]();
    await items.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    // Two connections, each of 64 items ahead.
    expect(state.made).toBeLessThan(300);
    await items.return!();
    await until(() => state.returned === 2, "the leaf is told");
  });

  test("is passed on as an input, too", async () => {
    const root = service("root", spread(2, leaf));
    await using _app = await start(root);
    expect(await root.add(upTo(1000))).toBe(500_500);
  });
});
