import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { inWords, isHadronError, toErrorData } from "../../src/errors.ts";
import { traceOf } from "../../src/values/trace-of.ts";

function fails(): never {
  throw new Error("it throws itself");
}

const hostile = {
  nothing: () => undefined,
  nullPrototype: () => Object.create(null),
  message: () => Object.defineProperty(new Error("x"), "message", { get: fails }),
  stack: () => Object.defineProperty(new Error("x"), "stack", { get: fails }),
  name: () => Object.defineProperty(new Error("x"), "name", { get: fails }),
  code: () => Object.defineProperty(Object.assign(new Error("x"), { name: "HadronError" }), "code", { get: fails }),
  text: () => ({ toString: fails, toJSON: fails }),
  proxy: () => new Proxy({}, { get: fails, getPrototypeOf: fails, has: fails, ownKeys: fails }),
  proxyOfFunction: () => new Proxy(() => 1, { get: fails, getPrototypeOf: fails, apply: fails }),
  // The name and code of ours, and nothing else of it.
  imitation: () =>
    Object.assign(new Error("x"), { name: "HadronError", code: "NOT_FOUND", path: 7, retryAfterMs: fails }),
  symbol: () => Symbol("s"),
  objectAsMessage: () => Object.assign(new Error(), { message: { a: 1 } }),
};

test.each(Object.entries(hostile))("%s can be told", (_, make) => {
  const thrown = make();
  expect(typeof inWords(thrown)).toBe("string");
  expect(typeof traceOf(thrown)).toBe("string");
  const data = toErrorData(thrown);
  expect(JSON.parse(JSON.stringify(data))).toEqual({
    code: expect.stringMatching(/^(HANDLER_FAILED|NOT_FOUND)$/),
    message: expect.any(String),
    retryable: false,
    path: [],
  });
});

type Kind = keyof typeof hostile;
let finish: PromiseWithResolvers<string> | undefined;
const thrower = service("thrower", {
  sync: (kind: Kind) => {
    throw hostile[kind]();
  },
  async: async (kind: Kind) => {
    await null;
    throw hostile[kind]();
  },
  items: async function* (kind: Kind) {
    yield 1;
    throw hostile[kind]();
  },
  output: () => ({
    get field() {
      throw hostile.nullPrototype();
    },
  }),
  slow: () => {
    finish = Promise.withResolvers<string>();
    return finish.promise;
  },
  finish: () => finish?.resolve("done"),
  count: () => 1,
});

test("whatever is thrown, that call alone fails: calls beside it on its connection go on", async () => {
  await using _app = await start(thrower);
  const slow = thrower.slow();
  for (const kind of Object.keys(hostile) as Kind[]) {
    for (const how of ["sync", "async"] as const) {
      const error = await thrower[how](kind).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(isHadronError(error) && error.code).toBe(kind === "imitation" ? "NOT_FOUND" : "HANDLER_FAILED");
    }
    await expect(Array.fromAsync(await thrower.items(kind))).rejects.toThrow();
  }
  await expect(thrower.output()).rejects.toMatchObject({ code: "INVALID_OUTPUT" });
  expect(await thrower.count()).toBe(1);
  await thrower.finish();
  expect(await slow).toBe("done");
});

test("a thenable that answers twice, or throws after it has, is one answer", async () => {
  const twice = service("twice", {
    twice: () => ({
      // biome-ignore lint/suspicious/noThenProperty: what this is about
      then(ok: (value: number) => void, no: (error: unknown) => void) {
        ok(1);
        ok(2);
        no(new Error("late"));
        throw new Error("later");
      },
    }),
  });
  await using _app = await start(twice);
  for (let i = 0; i < 3; i++) expect(await twice.twice()).toBe(1);
});
