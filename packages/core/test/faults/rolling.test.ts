import { service } from "@hadron/core";
import { expect, test, vi } from "vitest";
import { createRig, type ServedReplica } from "../call/rig.ts";

vi.setConfig({ testTimeout: 120_000 });

const CALLS = 10_000;
const RESTARTS = 20;

// Not idempotent: whatever is tried again was not sent.
const ran = new Map<number, number>();
const one = service("one", async (id: number) => {
  ran.set(id, (ran.get(id) ?? 0) + 1);
  if (id % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
  return id;
});

test.each([
  ["interchangeable replicas", "unix"],
  ["interchangeable replicas", "tcp"],
  ["shards", "unix"],
  ["shards", "tcp"],
])("10,000 calls to %s over %s pass 20 rolling restarts, and none fails or runs twice", async (what, kind) => {
  ran.clear();
  await using rig = createRig(one);
  const replicas: ServedReplica[] = [];
  for (let ordinal = 0; ordinal < 3; ordinal++) replicas.push(await rig.serve("one", ordinal, kind));
  // Nobody tells the directory: a replica's own farewell has to do.
  rig.publish(
    "one",
    replicas.map(({ address }) => ({ address })),
  );
  const channel = rig.host.channel("one");
  const call = (id: number) =>
    rig.host.within({ timeoutMs: 60_000 }, (scope) =>
      what === "shards" ? channel.callShard(id % 3, "one", id, scope) : channel.callAny("one", id, scope),
    );
  let made = 0;
  let restarts = 0;
  const failures: unknown[] = [];
  const caller = async () => {
    while (made < CALLS || restarts < RESTARTS) {
      const id = made++;
      const output = await call(id).catch((error: unknown) => failures.push(error) && undefined);
      if (output !== undefined && output !== id) failures.push(`${id} was answered with ${output}`);
    }
  };
  const roll = async () => {
    for (; restarts < RESTARTS; restarts++) {
      // Spread over the calls, and not faster than they come.
      await vi.waitUntil(() => made >= (restarts * CALLS) / RESTARTS, { timeout: 60_000, interval: 1 });
      const ordinal = restarts % 3;
      const { server, address } = replicas[ordinal]!;
      expect(await server.drain(10_000)).toBe(true);
      replicas[ordinal] = await rig.serve("one", ordinal, address);
    }
  };
  await Promise.all([roll(), ...Array.from({ length: 32 }, caller)]);
  expect(failures).toEqual([]);
  expect(ran.size).toBe(made);
  expect([...ran.values()].every((times) => times === 1)).toBe(true);
});
