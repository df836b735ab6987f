import { setTimeout as pause } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import type { Host } from "../../src/call/host/host.ts";
import { createProcesses, type Processes, type ReplicaProcess } from "./processes.ts";
import { type FaultProxy, startProxy } from "./proxy.ts";

vi.setConfig({ testTimeout: 120_000 });

interface Done {
  readonly worked: number;
  readonly mostAtOnce: number;
}

/** Three interchangeable replicas, each a process behind a proxy of its own, and a caller of them. */
async function startThree(processes: Processes) {
  const replicas = await Promise.all([0, 1, 2].map((ordinal) => processes.start(ordinal)));
  const proxies = await Promise.all(replicas.map(({ address }) => startProxy(address)));
  processes.publish(proxies);
  const host = processes.caller();
  return {
    replicas,
    proxies,
    host,
    ejected: () => metric(host, "hadron_client_ejected"),
    done: (replica: ReplicaProcess) => processes.ask(replica, "done") as Promise<Done>,
    async [Symbol.asyncDispose]() {
      host.close();
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
    },
  };
}

function metric(host: Host, name: string): number {
  return [...host.metrics()].find((one) => one.name === name)?.value ?? 0;
}

/** Calls on and on, eight at a time, until it is disposed of. Nobody may ever see more than one of three ejected. */
function callOn(host: Host) {
  let on = true;
  const seen = { calls: 0, mostEjected: 0 };
  const caller = async () => {
    while (on) {
      await host.call("one", "work", undefined, {});
      seen.calls++;
      seen.mostEjected = Math.max(seen.mostEjected, metric(host, "hadron_client_ejected"));
    }
  };
  const callers = Promise.all(Array.from({ length: 8 }, caller));
  // Told where it is awaited.
  callers.catch(() => {});
  return {
    seen,
    /** Resolves after so many further calls. Rejects where one fails. */
    async more(calls: number) {
      const until = seen.calls + calls;
      await Promise.race([callers, vi.waitUntil(() => seen.calls >= until, { timeout: 60_000, interval: 5 })]);
    },
    async [Symbol.asyncDispose]() {
      on = false;
      await callers;
    },
  };
}

/** Waits, while calls go on; the test's own time-out bounds it. */
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await pause(20);
}

const FAST_MS = 5;
const SLOW_MS = 150;

test.each([
  [
    "is told to be slow",
    async (processes: Processes, replica: ReplicaProcess, _: FaultProxy, slow: boolean) => {
      await processes.ask(replica, "beSlow", slow ? SLOW_MS : FAST_MS);
    },
  ],
  [
    "is behind a slow line",
    async (_: Processes, _replica: ReplicaProcess, proxy: FaultProxy, slow: boolean) => {
      proxy.faults.delayMs = slow ? SLOW_MS : 0;
    },
  ],
])(
  "a replica that %s loses its calls, is probed by single ones, and comes back when it is fast",
  async (_, makeSlow) => {
    await using processes = createProcesses();
    await using three = await startThree(processes);
    const { replicas, proxies, host, ejected, done } = three;
    const [slow] = replicas as [ReplicaProcess];
    for (const replica of replicas) await processes.ask(replica, "beSlow", FAST_MS);
    await using calls = callOn(host);
    await calls.more(200);
    expect((await done(slow)).worked).toBeGreaterThan(0);

    await makeSlow(processes, slow, proxies[0]!, true);
    await until(() => ejected() === 1);
    // What it had is answered late, and what is on its way there comes late.
    await until(async () => {
      await done(slow);
      await pause(2 * SLOW_MS);
      return (await done(slow)).mostAtOnce === 0;
    });
    // Its time is over again and again, and each time one call looks whether it is well.
    const before = calls.seen.calls;
    let probes = 0;
    await until(async () => {
      const { worked, mostAtOnce } = await done(slow);
      expect(mostAtOnce).toBeLessThanOrEqual(1);
      expect(ejected()).toBe(1);
      probes += worked;
      return probes >= 2;
    });
    expect(calls.seen.calls - before).toBeGreaterThan(50);

    await makeSlow(processes, slow, proxies[0]!, false);
    await until(() => ejected() === 0);
    await done(slow);
    await until(async () => (await done(slow)).worked >= 10);
    expect(calls.seen.mostEjected).toBe(1);
  },
);

test("of three replicas of which two are slow no more than one is kept from calls", async () => {
  await using processes = createProcesses();
  await using three = await startThree(processes);
  const { replicas, host, done } = three;
  await Promise.all(
    replicas.map((replica, index) => processes.ask(replica, "beSlow", index === 0 ? FAST_MS : SLOW_MS)),
  );
  await using calls = callOn(host);
  // Long enough for several judgements of a second each.
  const startedAt = performance.now();
  await until(() => performance.now() - startedAt > 4000);
  await calls.more(200);
  expect(calls.seen.mostEjected).toBeLessThanOrEqual(1);
  const worked = await Promise.all(replicas.map(async (replica) => (await done(replica)).worked));
  // One at least of the slow ones has calls as before.
  expect(Math.max(worked[1]!, worked[2]!)).toBeGreaterThan(20);
});

test("a replica whose connections break five times in a row is ejected, and comes back when they hold", async () => {
  await using processes = createProcesses();
  await using three = await startThree(processes);
  const { replicas, proxies, host, ejected, done } = three;
  const [bad] = replicas as [ReplicaProcess];
  const [proxy] = proxies as [FaultProxy];
  const outcomes: string[] = [];
  const call = () =>
    host.call("one", "work", undefined, {}).then(
      () => outcomes.push("ok"),
      (error: { code: string }) => outcomes.push(error.code),
    );
  const failures = () => outcomes.filter((one) => one !== "ok").length;
  // How much passes before the first answer is whole: each connection is cut one byte before.
  const own = processes.caller();
  await own.within({}, (scope) => own.channel("one").callShard(0, "work", undefined, scope));
  const whole = proxy.passed.toCaller;
  own.close();
  Object.assign(proxy.faults, { cutAfterToCaller: whole - 1, cutEach: true });

  await until(async () => {
    await call();
    return ejected() === 1;
  });
  expect(failures()).toBe(5);
  expect(new Set(outcomes)).toEqual(new Set(["ok", "UNAVAILABLE"]));

  // Each probe breaks, too, and costs one call. All others are answered.
  await done(bad);
  let calls = 0;
  await until(async () => {
    await call();
    calls++;
    expect(ejected()).toBe(1);
    return failures() === 7;
  });
  expect((await done(bad)).worked).toBe(2);
  expect(calls).toBeGreaterThan(5);

  Object.assign(proxy.faults, { cutAfterToCaller: Number.POSITIVE_INFINITY, cutEach: false });
  await until(async () => {
    await call();
    return ejected() === 0;
  });
  await done(bad);
  await until(async () => {
    await call();
    return (await done(bad)).worked > 0;
  });
  expect(failures()).toBe(7);
});
