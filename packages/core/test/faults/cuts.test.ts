import { HadronError, procedure, service } from "@hadron/core";
import { expect, test, vi } from "vitest";
import { createRig } from "../call/rig.ts";
import { startProxy } from "./proxy.ts";

// A connection for each byte.
vi.setConfig({ testTimeout: 120_000 });

/** How often each call ran, by its id. */
const ran = new Map<string, number>();
const count = (id: string) => {
  ran.set(id, (ran.get(id) ?? 0) + 1);
  return `done ${id}`;
};
const leaf = service("leaf", { once: count, again: procedure({ idempotent: true }, count) });

type Way = "cutAfterToCallee" | "cutAfterToCaller";

/** Calls once through a connection that is cut after so many bytes; a later connection is whole. */
async function callCut(
  rig: ReturnType<typeof createRig>,
  proxy: Awaited<ReturnType<typeof startProxy>>,
  name: "once" | "again",
  way: Way,
  bytes: number,
): Promise<{ outcome: string; runs: number }> {
  const id = `${name} ${way} ${bytes}`;
  const host = rig.caller();
  proxy.faults[way] = bytes;
  try {
    const output = await host.call("leaf", name, id, { timeoutMs: 5000 });
    return { outcome: output === `done ${id}` ? "ok" : "wrong", runs: ran.get(id) ?? 0 };
  } catch (error) {
    return { outcome: error instanceof HadronError ? error.code : String(error), runs: ran.get(id) ?? 0 };
  } finally {
    proxy.faults[way] = Number.POSITIVE_INFINITY;
    host.close();
  }
}

/** How many bytes one call and its answer are, handshake included. */
async function bytesOfOne(rig: ReturnType<typeof createRig>, proxy: Awaited<ReturnType<typeof startProxy>>) {
  const host = rig.caller();
  await host.call("leaf", "again", "again cutAfterToCallee 000", { timeoutMs: 5000 });
  host.close();
  return { ...proxy.passed };
}

test("a call whose connection is cut at any byte runs at most once, and at least once if it was answered", async () => {
  await using rig = createRig(leaf);
  const replica = await rig.serve("leaf");
  await using proxy = await startProxy(replica.address);
  rig.publish("leaf", [{ address: proxy.address }]);
  const { toCallee, toCaller } = await bytesOfOne(rig, proxy);
  expect(toCallee).toBeGreaterThan(100);
  const seen = new Set<string>();
  for (const [way, most] of [
    ["cutAfterToCallee", toCallee],
    ["cutAfterToCaller", toCaller],
  ] as const) {
    for (let bytes = 0; bytes <= most + 1; bytes++) {
      const { outcome, runs } = await callCut(rig, proxy, "once", way, bytes);
      const where = `${way} ${bytes} of ${most}: ${outcome}, ran ${runs} times`;
      expect(["ok", "UNAVAILABLE"], where).toContain(outcome);
      expect(runs, where).toBeLessThanOrEqual(1);
      if (outcome === "ok") expect(runs, where).toBe(1);
      seen.add(`${outcome} ${runs}`);
    }
  }
  // All three happen: it was resent before, it broke before and after it ran.
  expect([...seen].sort()).toEqual(["UNAVAILABLE 0", "UNAVAILABLE 1", "ok 1"]);
});

test("an idempotent call whose connection is cut at any byte is answered, and runs again where it must", async () => {
  await using rig = createRig(leaf);
  const replica = await rig.serve("leaf");
  await using proxy = await startProxy(replica.address);
  rig.publish("leaf", [{ address: proxy.address }]);
  const { toCallee, toCaller } = await bytesOfOne(rig, proxy);
  let twice = 0;
  for (const [way, most] of [
    ["cutAfterToCallee", toCallee],
    ["cutAfterToCaller", toCaller],
  ] as const) {
    for (let bytes = 0; bytes <= most + 1; bytes++) {
      const { outcome, runs } = await callCut(rig, proxy, "again", way, bytes);
      expect(outcome, `${way} ${bytes}`).toBe("ok");
      if (runs === 2) twice++;
      expect(runs).toBeLessThanOrEqual(2);
    }
  }
  expect(twice).toBeGreaterThan(0);
});

test("a connection split at every byte carries calls as a whole one does", async () => {
  await using rig = createRig(leaf);
  const replica = await rig.serve("leaf");
  await using proxy = await startProxy(replica.address);
  proxy.faults.pieceBytes = 1;
  rig.publish("leaf", [{ address: proxy.address }]);
  const ids = Array.from({ length: 20 }, (_, index) => `split ${index}`);
  const outputs = await Promise.all(ids.map((id) => rig.call("leaf", "once", id)));
  expect(outputs).toEqual(ids.map((id) => `done ${id}`));
});

test("calls under way when a connection is cut fail as UNAVAILABLE, and the next finds a new one", async () => {
  let release = () => {};
  const held = service("held", {
    wait: () => new Promise<string>((resolve) => (release = () => resolve("late"))),
    echo: (x: unknown) => x,
  });
  await using rig = createRig(held);
  const replica = await rig.serve("held");
  await using proxy = await startProxy(replica.address);
  rig.publish("held", [{ address: proxy.address }]);
  const waiting = rig.call("held", "wait");
  await rig.call("held", "echo", 1);
  proxy.cut();
  await expect(waiting).rejects.toMatchObject({ code: "UNAVAILABLE", path: ["held.0"] });
  expect(await rig.call("held", "echo", 2)).toBe(2);
  release();
});
