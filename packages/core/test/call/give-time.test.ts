import { expect, test } from "vitest";
import { service } from "../../src/service.ts";
import { beginWithin, giveTime } from "../../src/spi.ts";
import { start } from "../../src/testing/index.ts";

test("a handler's call ends after the time that it gives itself, and what it has called with it", async () => {
  let leftMs = 0;
  const ended = Promise.withResolvers<void>();
  const inner = service("inner", (_: undefined, { signal }) => {
    signal.addEventListener("abort", () => ended.resolve());
    return new Promise(() => {});
  });
  const outer = service("outer", (_: undefined, context) => {
    giveTime(1000);
    leftMs = context.timeLeftMs;
    return inner();
  });
  await using app = await start(outer, inner, { time: "virtual", seed: 1 });
  await expect(app.client(outer)(undefined)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(leftMs).toBe(1000);
  await ended.promise;
});

test("it never has more than its caller gave, and all of that again where it asks for no time", async () => {
  const left: number[] = [];
  const greedy = service("greedy", (_: undefined, context) => {
    for (const ms of [100_000, 10, undefined]) {
      giveTime(ms);
      left.push(context.timeLeftMs);
    }
  });
  await using app = await start(greedy, { time: "virtual", seed: 1 });
  await app.client(greedy).with({ timeoutMs: 5000 })(undefined);
  expect(left).toEqual([5000, 10, 5000]);
});

test("a call that has time to begin alone gives what it calls more: the stream of a stream goes on", async () => {
  const inner = service("inner", async function* (_: undefined, { clock }) {
    for (let at = 1; at <= 3; at++) {
      yield at;
      await new Promise<void>((resolve) => clock.after(60_000, resolve));
    }
  });
  const outer = service("outer", async function* (_: undefined) {
    beginWithin(1000);
    for await (const item of inner()) {
      giveTime();
      yield item;
    }
  });
  await using app = await start(outer, inner, { time: "virtual", seed: 1 });
  const items: number[] = [];
  for await (const item of app.client(outer).with({ timeoutMs: 600_000 })(undefined)) items.push(item);
  expect(items).toEqual([1, 2, 3]);
});

test("where the time to begin runs out, what it has called is given up", async () => {
  const ended = Promise.withResolvers<void>();
  const inner = service("inner", (_: undefined, { signal, timeLeftMs }) => {
    expect(timeLeftMs).toBeGreaterThan(1000);
    signal.addEventListener("abort", () => ended.resolve());
    return new Promise(() => {});
  });
  const outer = service("outer", (_: undefined) => {
    beginWithin(1000);
    return inner();
  });
  await using app = await start(outer, inner, { time: "virtual", seed: 1 });
  await expect(app.client(outer)(undefined)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  await ended.promise;
});
