import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { counter } from "./own-modules-app.ts";

const leaf = "counter.leaf";

/** What each replica of the leaf counts to, called twenty times. */
async function counts(app: Awaited<ReturnType<typeof start>>): Promise<number[]> {
  const seen: number[] = [];
  for (let call = 0; call < 20; call++) seen.push((await app.call(leaf, "count")) as number);
  return seen;
}

test("each replica has what its file keeps for itself, and loses it when it is restarted", async () => {
  await using app = await start(counter);
  expect(app.sharedBecause).toBeUndefined();
  expect(app.replicas().map((replica) => replica.module)).toEqual(["own", "own", "own"]);
  const [first, second] = [app.replica(leaf, 0), app.replica(leaf, 1)];
  second.kill();
  expect(await counts(app)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  first.restart();
  expect(await app.call(leaf, "count")).toBe(1);
  second.restart();
  first.kill();
  expect(await app.call(leaf, "count")).toBe(1);
});

test("shared, replicas keep what their file keeps together, and over a restart", async () => {
  await using app = await start(counter, { modules: "shared" });
  expect(app.replica(leaf, 0).module).toBe("shared");
  await counts(app);
  app.replica(leaf, 0).restart();
  app.replica(leaf, 1).kill();
  expect(await app.call(leaf, "count")).toBe(21);
});

test("code of a replica has the app's time and chance: the same seed gives it the same", async () => {
  const chances = async (seed: number) => {
    await using app = await start(counter, { seed, time: "virtual" });
    expect(app.sharedBecause).toBeUndefined();
    app.replica(leaf, 1).kill();
    const before = await app.call(leaf, "chance");
    app.replica(leaf, 0).restart();
    return [before, await app.call(leaf, "chance")];
  };
  const first = await chances(7);
  expect(first[0]).toMatch(/^0\.\d+ [\da-f-]{36} [\da-f-]{36} 2026-01-01T00:00:\d\d\.\d{3}Z 17\d+$/);
  expect(first[1]).not.toBe(first[0]);
  expect(await chances(7)).toEqual(first);
  expect(await chances(8)).not.toEqual(first);
});

test("timers of a replica's code are virtual, and end with it", async () => {
  await using app = await start(counter, { time: "virtual" });
  const hour = 3_600_000;
  const [passed, wall] = (await counter.with({ timeoutMs: 3 * hour }).nap(hour)) as number[];
  expect(passed).toBe(2 * hour);
  expect(wall).toBe(2 * hour);
  app.replica(leaf, 1).kill();
  await app.advance("10s");
  expect(await app.call(leaf, "ticks")).toBeGreaterThanOrEqual(7210);
  app.replica(leaf, 0).restart();
  await app.advance("3s");
  expect(await app.call(leaf, "ticks")).toBe(3);
});

test("a module sees the place where it lies", async () => {
  await using app = await start(counter, { modules: "own" });
  expect(await app.call(leaf, "place")).toMatch(/test\/testing\/own-modules-app\.ts$/);
});

test("services that are declared in the test share its module, and it is said why", async () => {
  const inline = service("inline", () => 1);
  await using app = await start(inline, { time: "virtual" });
  expect(app.replica(inline).module).toBe("shared");
  expect(app.sharedBecause).toBe('"inline" is declared in the file that starts it');
  await expect(start(inline, { modules: "own" })).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
});
