import { HadronError, procedure, service } from "@hadron/core";
import { createCallRecorder, encodeValue, observe } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { createRig } from "./rig.ts";

const idempotent = true;

const bytesOf = (value: unknown) => encodeValue(value, "a test").length;

test("both ends of a call are recorded, and joined without a byte on the wire", async () => {
  const one = service("one", {
    add: ({ a, b }: { a: number; b: number }) => a + b,
    fail: () => {
      throw new HadronError("NOT_FOUND", "No such thing.");
    },
  });
  await using rig = createRig(one);
  const { server, address } = await rig.serve("one");
  rig.publish("one", [{ address }]);
  const { clock } = rig.host;
  const [calling, serving] = [createCallRecorder(clock), createCallRecorder(clock)];
  const stop = observe(rig.host, calling);
  observe(server.dispatcher, serving);
  expect(() => observe(rig.host, serving)).toThrow("observed here already");
  await rig.call("one", "add", { a: 1, b: 2 });
  await rig.call("one", "fail").catch(() => {});
  stop();
  await rig.call("one", "add", { a: 1, b: 2 });
  const [out, come] = [calling.records(), serving.records()];
  expect(out).toMatchObject([
    { side: "calling", service: "one", procedure: "add", replica: "one.0", attempt: 1, code: undefined },
    { side: "calling", service: "one", procedure: "fail", replica: "one.0", attempt: 1, code: "NOT_FOUND" },
  ]);
  expect(come).toMatchObject([
    { side: "serving", service: "one", procedure: "add", replica: "one.0", code: undefined },
    { side: "serving", service: "one", procedure: "fail", replica: "one.0", code: "NOT_FOUND" },
    { side: "serving", procedure: "add" },
  ]);
  const joint = ({ connection, number }: { connection: string | undefined; number: number | undefined }) => ({
    connection,
    number,
  });
  expect(out[0]!.connection).toMatch(/^[0-9a-f]{16}$/);
  expect(out.map(joint)).toEqual(come.slice(0, 2).map(joint));
  for (const { beganAt, endedAt } of [...out, ...come]) expect(endedAt).toBeGreaterThanOrEqual(beganAt);
});

test("each try of a call is recorded", async () => {
  let runs = 0;
  const one = service("one", {
    again: procedure({ idempotent }, () => {
      if (++runs < 3) throw new HadronError("UNAVAILABLE", "not now", { retryAfterMs: 1 });
    }),
  });
  await using rig = createRig(one);
  rig.publish("one", [await rig.serve("one")]);
  const recorder = createCallRecorder(rig.host.clock);
  observe(rig.host, recorder);
  await rig.call("one", "again");
  expect(recorder.records().map(({ attempt, code }) => [attempt, code])).toEqual([
    [1, "UNAVAILABLE"],
    [2, "UNAVAILABLE"],
    [3, undefined],
  ]);
});

test("a recorder keeps the last calls, and one that ends late does not mark its successor", async () => {
  const release = Promise.withResolvers<void>();
  const one = service("one", { wait: () => release.promise, quick: () => {} });
  await using rig = createRig(one);
  rig.publish("one", [await rig.serve("one")]);
  const recorder = createCallRecorder(rig.host.clock, 3);
  observe(rig.host, recorder);
  const late = rig.call("one", "wait");
  for (let call = 0; call < 2; call++) await rig.call("one", "quick");
  expect(recorder.records().map(({ procedure, endedAt }) => [procedure, endedAt === undefined])).toEqual([
    ["wait", true],
    ["quick", false],
    ["quick", false],
  ]);
  const last = rig.call("one", "wait");
  release.resolve();
  await Promise.all([late, last]);
  expect(recorder.records().map(({ procedure }) => procedure)).toEqual(["quick", "quick", "wait"]);
});

test("both ends know how large a call was, in one frame or in chunks", async () => {
  const one = service("one", {
    twice: (text: string) => text + text,
    fail: (_: string) => {
      throw new HadronError("NOT_FOUND", "No such thing.");
    },
  });
  await using rig = createRig(one);
  const { server, address } = await rig.serve("one");
  rig.publish("one", [{ address }]);
  const [calling, serving] = [createCallRecorder(rig.host.clock), createCallRecorder(rig.host.clock)];
  observe(rig.host, calling);
  observe(server.dispatcher, serving);
  const large = "x".repeat(1_000_000);
  await rig.call("one", "twice", "ab");
  await rig.call("one", "twice", large);
  await rig.call("one", "fail", "ab").catch(() => {});
  const sizes = [
    [bytesOf("ab"), bytesOf("abab")],
    [bytesOf(large), bytesOf(large + large)],
    [bytesOf("ab"), undefined],
  ];
  for (const recorder of [calling, serving])
    expect(recorder.records().map(({ inputBytes, outputBytes }) => [inputBytes, outputBytes])).toEqual(sizes);
});

test("a stream is recorded when it is over: with all its items, or with what broke it", async () => {
  const gate = Promise.withResolvers<void>();
  const one = service("one", {
    async *count(input: AsyncIterable<number>) {
      for await (const number of input) yield number;
      await gate.promise;
      yield 1;
    },
    async *breaks() {
      yield 1;
      throw new HadronError("NOT_FOUND", "No further item.");
    },
  });
  await using rig = createRig(one);
  const { server, address } = await rig.serve("one");
  rig.publish("one", [{ address }]);
  const [calling, serving] = [createCallRecorder(rig.host.clock), createCallRecorder(rig.host.clock)];
  observe(rig.host, calling);
  observe(server.dispatcher, serving);
  async function* numbers() {
    yield* [1, 2, 3];
  }
  const call = async (procedure: string, input?: unknown) =>
    (await rig.call("one", procedure, input)) as AsyncIterable<unknown>;
  const counted = await call("count", numbers());
  expect(calling.records()).toMatchObject([{ endedAt: undefined, code: undefined, outputBytes: undefined }]);
  gate.resolve();
  expect(await Array.fromAsync(counted)).toEqual([1, 2, 3, 1]);
  await expect(Array.fromAsync(await call("breaks"))).rejects.toThrow("No further item");
  const item = bytesOf(1);
  for (const recorder of [calling, serving])
    expect(recorder.records()).toMatchObject([
      { procedure: "count", code: undefined, inputBytes: 3 * item, outputBytes: 4 * item, endedAt: expect.any(Number) },
      { procedure: "breaks", code: "NOT_FOUND", outputBytes: item, endedAt: expect.any(Number) },
    ]);
});

test("over JSON-RPC a call is as large as its messages, and in a batch nobody knows", async () => {
  const one = service("one", (name: string) => `Hello, ${name}`);
  await using rig = createRig(one);
  const { server, address } = await rig.serve("one");
  const url = address.replace("tcp:", "http://");
  rig.publish("one", [{ address: url }]);
  const [calling, serving] = [createCallRecorder(rig.host.clock), createCallRecorder(rig.host.clock)];
  const caller = rig.caller();
  observe(caller, calling);
  observe(server.dispatcher, serving);
  const request = (id: number) => ({ jsonrpc: "2.0", method: "one", params: ["Zoë"], id });
  const post = async (content: unknown) => {
    const body = JSON.stringify(content);
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    return [Buffer.byteLength(body), (await response.arrayBuffer()).byteLength];
  };
  const sizes = await post(request(1));
  await post([request(1), request(2)]);
  const toSizes = ({
    inputBytes,
    outputBytes,
  }: {
    inputBytes: number | undefined;
    outputBytes: number | undefined;
  }) => [inputBytes, outputBytes];
  expect(serving.records().map(toSizes)).toEqual([sizes, [undefined, undefined], [undefined, undefined]]);
  await caller.call("one", undefined, "Zoë", {});
  expect(calling.records().map(toSizes)).toEqual(serving.records().slice(3).map(toSizes));
  expect(calling.records()[0]?.inputBytes).toBeGreaterThan(20);
});

test("what was taken from a recorder is gone from it, and what is under way stays", async () => {
  const release = Promise.withResolvers<void>();
  const one = service("one", { wait: () => release.promise, quick: () => {} });
  await using rig = createRig(one);
  rig.publish("one", [await rig.serve("one")]);
  const recorder = createCallRecorder(rig.host.clock);
  observe(rig.host, recorder);
  const waiting = rig.call("one", "wait");
  await rig.call("one", "quick");
  expect(recorder.take()).toMatchObject([{ procedure: "quick", code: undefined }]);
  expect(recorder.take()).toEqual([]);
  expect(recorder.records()).toMatchObject([{ procedure: "wait", endedAt: undefined }]);
  release.resolve();
  await waiting;
  expect(recorder.take()).toMatchObject([{ procedure: "wait", endedAt: expect.any(Number) }]);
  expect(recorder.records()).toEqual([]);
});
