import { start } from "@hadron/core/testing";
import { durable } from "@hadron/durable";
import { expect, test } from "vitest";
import { child, counted, grandchild, parent, patient, waiter } from "./families.ts";

test("a run that waits gives its place to another, and takes one again when it goes on; finished ones are forgotten in time", async () => {
  await using app = await start(waiter, { time: "virtual", seed: 1 });
  for (const id of ["a", "b", "c"]) await waiter.start({}, { id });
  await app.advance("10s");
  for (const id of ["a", "b", "c"]) {
    expect(await waiter.run(id).status()).toMatchObject({ awaited: [{ kind: "next", name: "go" }] });
  }
  for (const id of ["c", "a"]) await waiter.run(id).send("go");
  await waiter.run("a").result();
  await waiter.run("c").result();
  await app.advance("9m");
  expect(await waiter.start({}, { id: "a" }).then((run) => run.status())).toMatchObject({ state: "ended" });
  await app.advance("3m");
  await expect(waiter.run("a").status()).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await waiter.run("b").status()).toMatchObject({ state: "open" });
  expect(await app.call("waiter", "start", { input: {}, id: "a" })).toEqual({ id: "a", created: true });
});

test("a run that is told of the end of a child does not begin it again, also when the child is forgotten by then", async () => {
  await using app = await start(patient, waiter, { time: "virtual", seed: 5 });
  const one = await patient.start(undefined, { id: "p" });
  await app.advance("5s");
  await one.pause();
  await app.advance("1s");
  const [child] = await one.children();
  await waiter.run(child?.id ?? "").send("go");
  await app.advance("20m");
  expect(await waiter.list()).toEqual([]);
  await one.resume();
  expect(await one.result()).toEqual(expect.any(Number));
  expect(await waiter.list()).toEqual([]);
});

test("runs begin as often as the rate says, whichever replica has them, the most urgent first", async () => {
  await using app = await start(counted, { time: "virtual", seed: 2 });
  // Two of each minute, of which the first two are taken at once.
  for (const [id, urgency] of Object.entries({ a: 0, b: 0, c: 1, d: 0, e: 7, f: 5 }))
    await counted.start({ urgency }, { id });
  await app.advance("3m");
  const ids = ["a", "b", "c", "d", "e", "f"];
  const times = await Promise.all(
    ids.map(async (id) => ({ id, at: Number((await counted.run(id).status()).endedAt) })),
  );
  const order = times.toSorted((one, other) => one.at - other.at);
  const begun = (from: number, to: number) => order.slice(from, to).map(({ id }) => id);
  expect(begun(0, 2).toSorted()).toEqual(["a", "b"]);
  expect(begun(2, 4).toSorted()).toEqual(["e", "f"]);
  expect(begun(4, 6).toSorted()).toEqual(["c", "d"]);
  for (const [index, { at }] of order.entries()) {
    if (index >= 2) expect(at - (order[index - 2]?.at ?? 0)).toBeGreaterThanOrEqual(60_000);
  }
});

test("runs that a run called or started are cancelled with it, but those it abandoned, shielded, or began since", async () => {
  await using app = await start(parent, child, grandchild, { time: "virtual", seed: 3 });
  const one = await parent.start(undefined, { id: "p" });
  await app.advance("10s");
  await one.cancel("enough");
  for (const replica of app.replicas()) if (replica.service === "child") replica.restart();
  await expect(one.result({ timeoutMs: 60_000 })).rejects.toMatchObject({ code: "CANCELLED" });
  await app.advance("1m");
  const states = Object.fromEntries((await child.list()).map(({ id, state }) => [id, state]));
  expect(states).toEqual({
    started: "ended",
    abandoned: "open",
    "parent/p:child#1": "open",
    "parent/p:child#2": "ended",
    after: "open",
  });
  await expect(child.run("started").result()).rejects.toMatchObject({
    code: "CANCELLED",
    message: expect.stringContaining("enough"),
  });
  // It tidied up with a run of its own, which is nobody's who is cancelled.
  expect(await grandchild.list()).toMatchObject([{ state: "ended" }]);
});

test("runs that a run began are cancelled when it is killed", async () => {
  await using app = await start(parent, child, grandchild, { time: "virtual", seed: 4 });
  const one = await parent.start(undefined, { id: "p" });
  await app.advance("10s");
  await one.kill();
  await app.advance("1m");
  const states = Object.fromEntries((await child.list()).map(({ id, state }) => [id, state]));
  expect(states).toMatchObject({ started: "ended", abandoned: "open", "parent/p:child#2": "ended" });
});

test("limits and times that are none are refused where they are declared", () => {
  for (const options of [
    { rate: "many" },
    { rate: "0/1m" },
    { rate: "5/0s" },
    { rate: "5/1d", retention: "1h" },
    { retention: "soon" as "1d" },
    { retention: -1 },
    { priority: 7 as unknown as () => number },
    { concurrency: { limit: 1, until: "then" as "end" } },
  ] as const) {
    expect(() => durable(() => 1, options)).toThrow(expect.objectContaining({ code: "INVALID_DECLARATION" }));
  }
});
