import { expect, test, vi } from "vitest";
import type { Host } from "../../src/call/host/host.ts";
import { type Outcome, Sent, startOne, takeAll, upTo } from "./streams-rig.ts";

// A connection for each byte.
vi.setConfig({ testTimeout: 120_000 });

/** More than half of what may be ahead, so that more has to be asked for. */
const COUNT = 40;

const WAYS = ["cutAfterToCallee", "cutAfterToCaller"] as const;

/** Does the same through a connection that is cut, at each byte of each way. Returns the ids of all. */
async function atEachByte(
  { processes, proxy }: Awaited<ReturnType<typeof startOne>>,
  one: (host: Host, id: string) => Promise<void>,
): Promise<string[]> {
  const whole = processes.caller();
  await one(whole, "toCaller 000");
  const { toCallee, toCaller } = proxy.passed;
  whole.close();
  const ids: string[] = [];
  for (const [way, most] of [
    ["cutAfterToCallee", toCallee],
    ["cutAfterToCaller", toCaller],
  ] as const) {
    for (let bytes = 0; bytes <= most + 1; bytes++) {
      const host = processes.caller();
      proxy.faults[way] = bytes;
      const id = `${way.slice(8)} ${String(bytes).padStart(3, "0")}`;
      ids.push(id);
      await one(host, id);
      for (const each of WAYS) proxy.faults[each] = Number.POSITIVE_INFINITY;
      host.close();
    }
  }
  return ids;
}

test("a stream whose connection is cut at any byte brings its first items, then UNAVAILABLE, and ends its handler", async () => {
  await using one = await startOne();
  const outcomes = new Map<string, Outcome>();
  const ids = await atEachByte(one, async (host, id) => {
    outcomes.set(id, await takeAll(host, "make", { id, count: COUNT }));
  });
  const seen = new Set<string>();
  const all = await one.fates();
  for (const id of ids) {
    const { items, error } = outcomes.get(id)!;
    expect(items, id).toEqual(upTo(items.length));
    // It never just ends: either all of it is there, or there is an error.
    if (error === undefined) expect(items, id).toHaveLength(COUNT);
    else expect(error, id).toMatchObject({ code: "UNAVAILABLE", path: ["streams.0"] });
    const fate = all[id];
    expect(fate?.runs ?? 0, id).toBeLessThanOrEqual(1);
    if (fate !== undefined) expect((await one.fate(id)).ended, id).toMatch(/end|returned/);
    seen.add(`${error?.code ?? "ok"}, ${items.length === 0 ? "no" : items.length === COUNT ? "all" : "some"} items`);
  }
  expect([...seen].sort()).toEqual([
    "UNAVAILABLE, all items",
    "UNAVAILABLE, no items",
    "UNAVAILABLE, some items",
    "ok, all items",
  ]);
});

test("a stream that may be repeated is, as long as it has not begun, and brings no item twice", async () => {
  await using one = await startOne();
  const outcomes = new Map<string, Outcome>();
  const ids = await atEachByte(one, async (host, id) => {
    outcomes.set(id, await takeAll(host, "makeAgain", { id, count: COUNT }));
  });
  const seen = new Set<string>();
  const all = await one.fates();
  for (const id of ids) {
    const { items, error } = outcomes.get(id)!;
    expect(items, id).toEqual(upTo(items.length));
    if (error === undefined) expect(items, id).toHaveLength(COUNT);
    else expect(error.code, id).toBe("UNAVAILABLE");
    const { runs } = all[id]!;
    // Begun is begun: what was not answered at all ran again.
    if (error !== undefined) expect(runs, id).toBe(1);
    seen.add(`${error?.code ?? "ok"}, ${runs}`);
  }
  expect([...seen].sort()).toEqual(["UNAVAILABLE, 1", "ok, 1", "ok, 2"]);
});

test("an input whose connection is cut at any byte is told to both sides, and never looks whole", async () => {
  await using one = await startOne();
  const outcomes = new Map<string, { sent: Sent; outcome: unknown }>();
  const whole = upTo(COUNT).reduce((sum, n) => sum + n, 0);
  const ids = await atEachByte(one, async (host, id) => {
    const sent = new Sent(id, COUNT);
    const outcome = await host.call("streams", "take", sent, { timeoutMs: 10_000 }).catch((error) => error);
    outcomes.set(id, { sent, outcome });
  });
  const seen = new Set<string>();
  const all = await one.fates();
  for (const id of ids) {
    const { sent, outcome } = outcomes.get(id)!;
    const fate = all[id] && (await one.fate(id));
    if (outcome === whole) expect(fate, id).toMatchObject({ ended: "end", items: COUNT });
    else expect(outcome, id).toMatchObject({ code: "UNAVAILABLE", path: ["streams.0"] });
    expect(fate?.runs ?? 0, id).toBeLessThanOrEqual(1);
    // To the handler, an input that did not come to its end is an error, and not a short one.
    if (fate?.ended === "end") expect(fate.items, id).toBe(COUNT);
    else if (fate !== undefined) expect(fate, id).toMatchObject({ ended: "CANCELLED", aborted: true });
    // Whoever made it is told to stop.
    await vi.waitUntil(() => sent.state !== "open");
    seen.add(`${outcome === whole ? "ok" : "UNAVAILABLE"}, ${fate?.ended}`);
  }
  expect([...seen].sort()).toEqual(["UNAVAILABLE, CANCELLED", "UNAVAILABLE, end", "UNAVAILABLE, undefined", "ok, end"]);
});
