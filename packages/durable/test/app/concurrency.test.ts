import { start } from "@hadron/core/testing";
import { durable } from "@hadron/durable";
import { expect, test } from "vitest";
import { clock, job, most } from "./limited.ts";

test("as many runs of a key as the limit says are under way at once, also when their replicas die", async () => {
  await using app = await start(job, clock, most, { time: "virtual", seed: 1 });
  const starts = ["ann", "bob"].flatMap((by) => Array.from({ length: 5 }, (_, n) => ({ by, id: `${by}/${n}` })));
  for (const { by, id } of starts) await job.start({ by, ms: 20_000 }, { id });
  await app.advance("5s");
  const begun = async () => (await job.list()).filter(({ events }) => events > 1).map(({ id }) => id);
  expect((await begun()).toSorted()).toEqual(["ann/0", "ann/1", "bob/0", "bob/1"]);
  for (const replica of app.replicas(job)) replica.restart();
  await app.advance("10s");
  expect((await begun()).length).toBe(4);
  await app.advance("20s");
  app.replica(job, 1).restart();
  for (const { id, by } of starts) expect(await job.run(id).result({ timeoutMs: 200_000 })).toBe(by);
  expect([await most("ann"), await most("bob")]).toEqual([2, 2]);
  const ends = (await job.list()).filter(({ id }) => id.startsWith("ann/"));
  const order = ends.toSorted((one, other) => Number(one.endedAt) - Number(other.endedAt)).map(({ id }) => id);
  expect(order.at(-1)).toBe("ann/4");
});

test("a start beyond those that may wait is OVERLOADED; a run of that id is found all the same", async () => {
  await using app = await start(job, clock, most, { time: "virtual", seed: 2 });
  for (let n = 0; n < 5; n++) await job.start({ by: "ann", ms: 20_000 }, { id: `${n}` });
  await expect(job.start({ by: "ann", ms: 1 }, { id: "5" })).rejects.toMatchObject({ code: "OVERLOADED" });
  expect(await app.call("job", "start", { input: { by: "ann", ms: 1 }, id: "4" })).toEqual({ id: "4", created: false });
  await job.start({ by: "bob", ms: 1 }, { id: "6" });
  await app.advance("1m");
  await job.start({ by: "ann", ms: 1 }, { id: "5" });
  expect(await job.run("5").result({ timeoutMs: 100_000 })).toBe("ann");
});

test("a run that waits for its turn ends at once when it is cancelled or killed, and takes nobody's place", async () => {
  await using app = await start(job, clock, most, { time: "virtual", seed: 3 });
  for (let n = 0; n < 5; n++) await job.start({ by: "ann", ms: 60_000 }, { id: `${n}` });
  await app.advance("1s");
  await job.run("2").kill();
  await job.run("3").cancel("not any more");
  await expect(job.run("2").result({ timeoutMs: 5000 })).rejects.toMatchObject({ code: "CANCELLED" });
  await expect(job.run("3").result({ timeoutMs: 5000 })).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await job.run("4").status()).toMatchObject({ state: "open", events: 1 });
  await app.advance("90s");
  expect((await job.run("4").status()).events).toBeGreaterThan(1);
});

test("options that say nothing, or nonsense, are refused where they are declared", () => {
  const refused = { code: "INVALID_DECLARATION" };
  const program = () => 1;
  for (const options of [
    { queue: 3 },
    { concurrency: { limit: 0 } },
    { concurrency: { limit: 1.5 } },
    { concurrency: { limit: 1 }, queue: -1 },
  ]) {
    expect(() => durable(program, options)).toThrow(expect.objectContaining(refused));
  }
});
