import { createSystemClock, type ResourceCommand } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { fromStored, toStored } from "../../src/client/values.ts";
import { kv } from "../../src/verbs/kv.ts";
import { queue } from "../../src/verbs/queue.ts";
import { LocalStore } from "../local-link.ts";

/** The command line of one store, a verb at a time. */
function rig(store: LocalStore) {
  const asked: string[] = [];
  const type = async (verb: typeof kv, words: readonly string[], flags: Record<string, string> = {}) => {
    const lines: string[] = [];
    const command: ResourceCommand = {
      app: "sample",
      resources: [
        { kind: "keyValue", name: "carts", keeper: "hadron.store", options: {} },
        { kind: "queue", name: "emails", keeper: "hadron.store", options: { ordered: false } },
        { kind: "queue", name: "ordered", keeper: "hadron.store", options: { ordered: true } },
      ],
      services: [],
      cwd: "/",
      typed: (words) => words,
      words,
      flags,
      json: true,
      signal: new AbortController().signal,
      clock: createSystemClock(),
      out: (line) => lines.push(line),
      err: () => {},
      table: () => {},
      input: async (word) => JSON.parse(word),
      confirm: async (question) => {
        asked.push(question);
      },
      exec: () => Promise.reject(new Error("Nothing is run.")),
      keeper: async () => ({
        address: () => Promise.reject(new Error("There is no image.")),
        call: async (procedure, input) => {
          if (procedure === "commit") return store.server.commit(input as never);
          if (procedure === "read") return store.server.read(input as never);
          if (procedure === "backlog") return [];
          throw new Error(`Nobody should call ${procedure}.`);
        },
      }),
    };
    const status = await verb(command);
    return { status, lines: lines.map((line) => JSON.parse(line)) };
  };
  return { type, asked };
}

const stored = (value: unknown) => toStored(value, "it", Number.POSITIVE_INFINITY);

test("kv sets under a condition, gets, lists and deletes what any value can be", async () => {
  await using store = new LocalStore();
  const { type } = rig(store);
  const { lines } = await type(kv, ["carts", "set", "ann", '{"n":1}']);
  const [{ version }] = lines;
  await expect(type(kv, ["carts", "set", "ann", "2"], { "if-version": "0" })).rejects.toMatchObject({
    code: "ABORTED",
  });
  await type(kv, ["carts", "set", "ann", "2"], { "if-version": String(version) });
  expect((await type(kv, ["get", "carts", "ann"])).lines).toMatchObject([{ key: "ann", value: 2 }]);
  const client = store.client();
  const entries = [{ key: "odd", value: stored({ big: 5n, bytes: new Uint8Array([1]) }), ifVersion: undefined }];
  await client.do({ kind: "set", store: "carts", entries, ttlMs: undefined, fence: undefined });
  expect((await type(kv, ["carts", "list", "o"])).lines).toMatchObject([
    { key: "odd", value: { big: "5n", bytes: { base64: "AQ==" } } },
  ]);
  expect((await type(kv, ["carts", "delete", "ann"])).lines).toEqual([{ key: "ann", existed: true }]);
  await expect(type(kv, ["carts", "get", "ann"])).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect((await type(kv, [])).lines[0].stores).toMatchObject([{ name: "carts", entries: 1, declared: true }]);
});

test("queue shows what waits and what is dead, and retries or drops that", async () => {
  await using store = new LocalStore();
  const { type, asked } = rig(store);
  for (const n of [1, 2, 3]) await type(queue, ["emails", "send", `{"n":${n}}`]);
  const client = store.client();
  const claim = { kind: "claim", queue: "emails", holder: "h", most: 2, leaseMs: 60_000, mostAttempts: 6 } as const;
  const { messages } = await client.do(claim);
  for (const { message, attempt } of messages) {
    await client.do({ kind: "fail", queue: "emails", message, attempt, retryInMs: undefined, reason: "no such user" });
  }
  expect((await type(queue, ["emails", "list"])).lines).toMatchObject([{ state: "waiting", value: { n: 3 } }]);
  const { lines } = await type(queue, ["emails", "dead"]);
  expect(lines).toMatchObject([
    { value: { n: 1 }, reason: "no such user" },
    { value: { n: 2 }, reason: "no such user" },
  ]);
  const [{ message }] = lines;
  expect((await type(queue, ["emails", "dead", "retry", String(message)])).lines).toEqual([
    { queue: "emails", retried: 1 },
  ]);
  expect((await type(queue, ["emails", "dead", "drop"])).lines).toEqual([{ queue: "emails", dropped: 1 }]);
  expect(asked).toEqual(["This removes all dead letters of emails, which cannot be had back."]);
  expect((await type(queue, [])).lines[0].queues[0]).toMatchObject({ name: "emails", waiting: 2, dead: 0 });
});

test("what there is not is wrong use, and says what there is", async () => {
  await using store = new LocalStore();
  const { type } = rig(store);
  for (const [verb, words, why] of [
    [kv, ["nope", "list"], /no keyValue "nope". There is carts/],
    [kv, ["carts", "frob"], /does no "frob"; it does list, get, set, delete/],
    [kv, ["carts", "get"], /It is kv NAME get KEY/],
    [queue, ["nope"], /no queue "nope"/],
    [queue, ["ordered", "send", "1"], /has a key/],
    [queue, ["emails", "dead", "drop", "x"], /"x" is no number/],
  ] as const) {
    await expect(type(verb, words)).rejects.toMatchObject({ code: "WRONG_USE", message: expect.stringMatching(why) });
  }
});

test("a value of a later form is told as such, and shown", async () => {
  await using store = new LocalStore();
  const entries = [{ key: "new", value: Uint8Array.of(9, 1), ifVersion: undefined }];
  await store.client().do({ kind: "set", store: "carts", entries, ttlMs: undefined, fence: undefined });
  expect(() => fromStored(Uint8Array.of(9, 1), "it")).toThrow();
  const { lines } = await rig(store).type(kv, ["carts", "get", "new"]);
  expect(lines).toMatchObject([{ value: { bytes: "CQE=", unreadable: expect.stringContaining("form 9") } }]);
});
