import { HadronError, procedure, service } from "@hadron/core";
import { createCallRecorder, observe } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { createRig } from "./rig.ts";

const idempotent = true;

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
