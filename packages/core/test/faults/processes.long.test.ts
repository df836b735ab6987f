import { expect, test, vi } from "vitest";
import { createProcesses } from "./processes.ts";

const CALLS = 10_000;
const RESTARTS = 20;

test.each(["interchangeable replicas", "shards"])(
  "10,000 calls to %s pass 20 rolling restarts of processes, and none fails",
  async (what) => {
    await using processes = createProcesses();
    const replicas = await Promise.all([0, 1, 2].map((ordinal) => processes.start(ordinal)));
    processes.publish(replicas);
    const host = processes.caller();
    const channel = host.channel("one");
    let made = 0;
    let restarts = 0;
    const failures: unknown[] = [];
    const caller = async () => {
      while (made < CALLS || restarts < RESTARTS) {
        const id = made++;
        await host
          .within({ timeoutMs: 120_000 }, (scope) =>
            what === "shards" ? channel.callShard(id % 3, "count", id, scope) : channel.callAny("count", id, scope),
          )
          .then(
            (output) => output === id || failures.push(`${id} was answered with ${output}`),
            (error: unknown) => failures.push(error),
          );
      }
    };
    const roll = async () => {
      for (; restarts < RESTARTS; restarts++) {
        await vi.waitUntil(() => made >= (restarts * CALLS) / RESTARTS, { timeout: 120_000, interval: 1 });
        const ordinal = restarts % 3;
        expect(await processes.stop(replicas[ordinal]!)).toBe(0);
        replicas[ordinal] = await processes.start(ordinal);
      }
    };
    await Promise.all([roll(), ...Array.from({ length: 16 }, caller)]);
    expect(failures).toEqual([]);
    expect(made).toBeGreaterThanOrEqual(CALLS);
  },
);

test("a process that is killed fails the calls that it had, and no others", async () => {
  await using processes = createProcesses();
  const replicas = await Promise.all([0, 1].map((ordinal) => processes.start(ordinal)));
  processes.publish(replicas);
  const host = processes.caller();
  const pids = new Set<unknown>();
  for (let call = 0; call < 50; call++) pids.add(await host.call("one", "pid", undefined, {}));
  expect(pids).toEqual(new Set(replicas.map(({ child }) => child.pid)));
  const outcomes: { at: number; ok: boolean }[] = [];
  let killedAt = Number.POSITIVE_INFINITY;
  const until = performance.now() + 2000;
  const caller = async () => {
    for (let id = 1; performance.now() < until; id++) {
      const at = performance.now();
      await host.call("one", "count", id, {}).then(
        () => outcomes.push({ at, ok: true }),
        () => outcomes.push({ at, ok: false }),
      );
    }
  };
  const callers = Array.from({ length: 16 }, caller);
  await vi.waitUntil(() => outcomes.length > 500);
  killedAt = performance.now();
  replicas[0]!.child.kill("SIGKILL");
  await Promise.all(callers);
  const failed = outcomes.filter((one) => !one.ok);
  expect(failed.length).toBeLessThanOrEqual(16);
  expect(failed.every((one) => one.at <= killedAt + 500)).toBe(true);
});

test("10,000 idle connections are kept by one replica, and still work", async () => {
  await using processes = createProcesses();
  const replica = await processes.start(0);
  processes.publish([replica]);
  const callers = Array.from({ length: 10_000 }, () => processes.caller());
  const ask = async () => {
    let wrong = 0;
    // Not all at once: the replica's limit is 1000 calls.
    for (let from = 0; from < callers.length; from += 500) {
      const some = callers.slice(from, from + 500);
      const outputs = await Promise.all(
        some.map((caller, index) => caller.call("one", "count", index * 7 + 1, { timeoutMs: 60_000 })),
      );
      wrong += outputs.filter((output, index) => output !== index * 7 + 1).length;
    }
    return wrong;
  };
  expect(await ask()).toBe(0);
  expect(await ask()).toBe(0);
});
