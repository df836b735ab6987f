import { HadronError, procedure, service } from "@hadron/core";
import { expect, test } from "vitest";
import { Budget } from "../../src/call/channel/budget.ts";
import { createRig } from "./rig.ts";

const idempotent = true;

/** Fails as often as it is told to. */
function failing(code: "UNAVAILABLE" | "OVERLOADED" | "HANDLER_FAILED") {
  const state = { failures: 0, runs: 0 };
  const run = (input: unknown) => {
    state.runs++;
    if (state.failures-- > 0) throw new HadronError(code, "not now", { retryAfterMs: 1 });
    return input;
  };
  return { state, one: service("one", { once: run, again: procedure({ idempotent }, run) }) };
}

test.each(["UNAVAILABLE", "OVERLOADED"] as const)("%s is retried where the procedure is idempotent", async (code) => {
  const { state, one } = failing(code);
  await using rig = createRig(one);
  rig.publish("one", [{ address: (await rig.serve("one")).address }]);
  state.failures = 2;
  expect(await rig.call("one", "again", 1)).toBe(1);
  expect(state.runs).toBe(3);
});

test.each(["UNAVAILABLE", "OVERLOADED"] as const)(
  "%s is not retried where the procedure is not idempotent",
  async (code) => {
    const { state, one } = failing(code);
    await using rig = createRig(one);
    rig.publish("one", [{ address: (await rig.serve("one")).address }]);
    state.failures = 1;
    await expect(rig.call("one", "once", 1)).rejects.toMatchObject({ code, path: ["one"] });
    expect(state.runs).toBe(1);
  },
);

test("what a handler throws is not retried, idempotent or not", async () => {
  const { state, one } = failing("HANDLER_FAILED");
  await using rig = createRig(one);
  rig.publish("one", [{ address: (await rig.serve("one")).address }]);
  state.failures = 1;
  await expect(rig.call("one", "again", 1)).rejects.toMatchObject({ code: "HANDLER_FAILED" });
  expect(state.runs).toBe(1);
});

test("a call is tried three times at most", async () => {
  const { state, one } = failing("UNAVAILABLE");
  await using rig = createRig(one);
  rig.publish("one", [{ address: (await rig.serve("one")).address }]);
  state.failures = 100;
  await expect(rig.call("one", "again", 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(state.runs).toBe(3);
});

test("retries are at most a tenth of the calls, and a hundred", async () => {
  const { state, one } = failing("UNAVAILABLE");
  await using rig = createRig(one);
  rig.publish("one", [{ address: (await rig.serve("one")).address }]);
  state.failures = Number.POSITIVE_INFINITY;
  const calls = 2000;
  for (let made = 0; made < calls; made += 100) {
    await Promise.all(Array.from({ length: 100 }, () => rig.call("one", "again", 1).catch(() => {})));
  }
  const retries = state.runs - calls;
  expect(retries).toBeGreaterThan(calls / 10);
  expect(retries).toBeLessThanOrEqual(calls / 10 + 100);
  expect(rig.metric("hadron_client_retries_total")).toBe(retries);
});

test("an outside caller, who cannot know what may be repeated, repeats nothing", async () => {
  const { state, one } = failing("UNAVAILABLE");
  await using rig = createRig(one);
  const { address } = await rig.serve("one");
  rig.publish("one", [{ address }]);
  const { createHost } = await import("../../src/call/host/host.ts");
  const { createMuxTransport } = await import("../../src/transport/mux/index.ts");
  const self = { app: "test", service: "", replica: undefined, topology: "" };
  const outside = createHost({ self, directory: rig.directory, transports: { tcp: createMuxTransport() } });
  state.failures = 1;
  await expect(outside.call("one", "again", 1, {})).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(state.runs).toBe(1);
  outside.close();
});

test("a retry that would come after the deadline is not waited for", async () => {
  const one = service(
    "one",
    procedure({ idempotent }, () => {
      throw new HadronError("OVERLOADED", "later", { retryAfterMs: 60_000 });
    }),
  );
  await using rig = createRig(one);
  rig.publish("one", [{ address: (await rig.serve("one")).address }]);
  const startedAt = performance.now();
  await expect(rig.call("one", "one", 1, 20_000)).rejects.toMatchObject({ code: "OVERLOADED" });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test("an input that cannot be sent fails at once", async () => {
  const one = service("one", (input: unknown) => input);
  await using rig = createRig(one);
  rig.publish("one", [{ address: (await rig.serve("one")).address }]);
  await rig.call("one", "one", 1);
  const startedAt = performance.now();
  await expect(rig.call("one", "one", () => {})).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(rig.call("one", "one", "x".repeat(17 * 1024 * 1024))).rejects.toMatchObject({ code: "TOO_LARGE" });
  expect(performance.now() - startedAt).toBeLessThan(9000);
  expect(rig.metric("hadron_client_resent_total")).toBe(0);
});

test("a call waits within its deadline for a replica that is away", async () => {
  const one = service("one", (input: unknown) => input);
  await using rig = createRig(one);
  rig.publish("one", [{ address: "", state: "starting" }]);
  const call = rig.call("one", "one", 5);
  await expect.poll(() => rig.metric("hadron_client_waiting")).toBe(1);
  rig.publish("one", [{ address: (await rig.serve("one")).address }]);
  expect(await call).toBe(5);
});

test("a call to which no replica comes is UNAVAILABLE at its deadline, and says why", async () => {
  const one = service("one", (input: unknown) => input);
  await using rig = createRig(one);
  rig.publish("one", [{ address: "", state: "starting", reason: "exit code 1" }]);
  await expect(rig.call("one", "one", 5, 100)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    unsent: true,
    message: expect.stringContaining("one.0: exit code 1"),
  });
});

test("a call to a service whose replicas have all failed is UNAVAILABLE at once", async () => {
  const one = service("one", (input: unknown) => input);
  await using rig = createRig(one);
  rig.publish("one", [{ address: "", state: "failed", reason: "exit code 3" }]);
  const startedAt = performance.now();
  await expect(rig.call("one", "one", 5)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    path: ["one.0"],
    message: "one.0 has failed: exit code 3. Look at its logs. (one.0)",
  });
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

test("an address that no transport knows is INTERNAL", async () => {
  const one = service("one", (input: unknown) => input);
  await using rig = createRig(one);
  rig.publish("one", [{ address: "pigeon:7" }]);
  await expect(rig.call("one", "one", 5)).rejects.toMatchObject({
    code: "INTERNAL",
    message: expect.stringContaining("pigeon:7"),
  });
});

test("calls under way end where they are when a replica moves", async () => {
  const release = Promise.withResolvers<string>();
  const one = service("one", { wait: () => release.promise, name: () => "here" });
  await using rig = createRig(one);
  const before = await rig.serve("one", 0);
  rig.publish("one", [{ address: before.address }]);
  const waiting = rig.call("one", "wait");
  await expect.poll(() => before.server.dispatcher.inFlight).toBe(1);
  const after = await rig.serve("one", 0);
  rig.publish("one", [{ address: after.address }]);
  expect(await rig.call("one", "name")).toBe("here");
  expect(after.server.dispatcher.totals.calls).toBe(1);
  release.resolve("done");
  expect(await waiting).toBe("done");
});

test("a closed app takes no calls, and those that wait end", async () => {
  const one = service("one", (input: unknown) => input);
  await using rig = createRig(one);
  rig.publish("one", [{ address: "", state: "starting" }]);
  const host = rig.caller();
  const call = host.call("one", "one", 1, {});
  host.close();
  await expect(call).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(host.call("one", "one", 1, {})).rejects.toMatchObject({ code: "UNAVAILABLE", unsent: true });
});

test("a budget gives its share of calls, and what was saved", () => {
  const budget = new Budget(0.1, 5);
  expect(Array.from({ length: 7 }, () => budget.spend(0))).toEqual([true, true, true, true, true, false, false]);
  expect([budget.spend(9), budget.spend(10), budget.spend(10)]).toEqual([false, true, false]);
  expect(Array.from({ length: 7 }, () => budget.spend(100_000)).filter(Boolean)).toHaveLength(5);
});
