import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, test, vi } from "vitest";
import type { Host } from "../../src/call/host/host.ts";
import { clock } from "./clock-app.ts";
import { jumpClock } from "./jumping-clock.ts";
import { createProcesses } from "./processes.ts";

vi.setConfig({ testTimeout: 60_000 });

const HOUR_MS = 3_600_000;
/** One after the other; in the end it is as it was. */
const JUMPS = [HOUR_MS, -2 * HOUR_MS, HOUR_MS, -HOUR_MS, 2 * HOUR_MS, -HOUR_MS];
const TIMEOUT_MS = 900;

let jumped = 0;
function jumpHere(ms: number): void {
  jumped += ms;
  jumpClock(ms);
}
afterAll(() => jumpHere(-jumped));

function metric(host: Host, name: string): number {
  return [...host.metrics()].find((one) => one.name === name)!.value;
}

test("a wall clock that jumps an hour, at either side, changes no call, stream, retry, hedge or deadline", async () => {
  await using processes = createProcesses("clock-app.ts", clock);
  const replicas = [await processes.start(0), await processes.start(1)];
  processes.publish(replicas);
  const host = processes.caller();
  const call = (name: string, input: unknown) => host.call("clock", name, input, {});
  expect(await call("echo", 1)).toBe(1);
  const connections = metric(host, "hadron_client_connections");

  let on = true;
  const ids = { made: 0 };
  const done = { echo: 0, flaky: 0, hedged: 0, streams: 0, deadlines: [] as number[] };
  const repeat = async (one: (id: number) => Promise<void>) => {
    while (on) await one(ids.made++);
  };
  const work = Promise.all([
    ...Array.from({ length: 4 }, () =>
      repeat(async (id) => {
        expect(await call("echo", id)).toBe(id);
        done.echo++;
      }),
    ),
    repeat(async (id) => {
      expect(await call("flaky", id)).toBe(id);
      done.flaky++;
    }),
    repeat(async (id) => {
      const hedged = host.within({}, (scope) =>
        host.channel("clock").callAny("hedged", id, scope, { hedge: { afterMs: 20 } }),
      );
      expect(await hedged).toBe(id);
      done.hedged++;
    }),
    repeat(async () => {
      const items: number[] = [];
      for await (const item of (await call("ticks", 50)) as AsyncIterable<number>) items.push(item);
      expect(items).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
      done.streams++;
    }),
    repeat(async () => {
      const startedAt = performance.now();
      const error = await host.call("clock", "hang", undefined, { timeoutMs: TIMEOUT_MS }).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED" });
      done.deadlines.push(performance.now() - startedAt);
    }),
  ]);
  // Told where it is awaited; before that, it ends the waits below.
  work.catch(() => {});
  const during = (condition: () => boolean) =>
    Promise.race([work, vi.waitUntil(condition, { timeout: 30_000, interval: 10 })]);
  try {
    for (const jump of JUMPS) {
      for (const jumpOne of [
        () => jumpHere(jump),
        ...replicas.map((replica) => () => processes.ask(replica, "jump", jump)),
      ]) {
        await jumpOne();
        await pause(30);
      }
      const before = { ...done, deadlines: done.deadlines.length };
      await during(
        () =>
          done.echo > before.echo + 10 &&
          done.flaky > before.flaky &&
          done.hedged > before.hedged &&
          done.streams > before.streams &&
          done.deadlines.length > before.deadlines,
      );
    }
  } finally {
    on = false;
    await work;
  }
  // Neither at once nor an hour later; how much later than at its time depends on the machine.
  for (const ms of done.deadlines) {
    expect(ms).toBeGreaterThan(TIMEOUT_MS - 20);
    expect(ms).toBeLessThan(TIMEOUT_MS + 5000);
  }
  const hung = (await Promise.all(replicas.map((replica) => processes.ask(replica, "hung")))).flat() as number[];
  expect(hung.length).toBeGreaterThanOrEqual(JUMPS.length);
  for (const ms of hung) expect(ms).toBeLessThan(TIMEOUT_MS + 5000);
  // Nobody was taken for gone, silent, or worse than others.
  expect(metric(host, "hadron_client_connections")).toBeGreaterThanOrEqual(connections);
  expect(metric(host, "hadron_client_resent_total")).toBe(0);
  expect(metric(host, "hadron_client_hedges_total")).toBeGreaterThan(0);
});

test("after a jump a handler's deadline is told by the new time, and logs go on with it", async () => {
  await using processes = createProcesses("clock-app.ts", clock);
  const lines: { time: string; message: string }[] = [];
  const replica = await processes.start(0, { logged: (line) => lines.push(JSON.parse(line)) });
  processes.publish([replica]);
  const host = processes.caller();
  const real = Date.now();
  for (const [words, jump] of [
    ["as it was", 0],
    ["an hour later", HOUR_MS],
    ["an hour earlier", -2 * HOUR_MS],
  ] as const) {
    await host.call("clock", "jump", jump, {});
    const left = (await host.call("clock", "left", undefined, { timeoutMs: 10_000 })) as number;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(10_000);
    await host.call("clock", "say", words, {});
    await vi.waitUntil(() => lines.some((line) => line.message === words));
  }
  const hours = ["as it was", "an hour later", "an hour earlier"].map((words) => {
    const line = lines.find((one) => one.message === words)!;
    return Math.round((Date.parse(line.time) - real) / HOUR_MS);
  });
  expect(hours).toEqual([0, 1, -1]);
});
