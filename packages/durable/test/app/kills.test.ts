import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { ledger, part, total } from "./ledger.ts";
import { child, mail, order } from "./shop.ts";

const RUNS = 12;

/** Numbers below `most`, the same for the same seed. */
function createDraw(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

test.each([1, 2])(
  "replicas and store are killed at any time: every run ends, none of its keys is lost (seed %i)",
  async (seed) => {
    const draw = createDraw(seed);
    await using app = await start(total, part, ledger, { time: "virtual", seed });
    const ids = Array.from({ length: RUNS }, (_, n) => `total/${n}`);
    await Promise.all(ids.map((id, n) => total.start(n, { id })));
    const victims = [...app.replicas(total), ...app.replicas(part), ...app.replicas("hadron.store")];
    for (let kill = 0; kill < 25; kill++) {
      await app.advance(1 + draw(900));
      victims[draw(victims.length)]?.restart();
    }
    await Promise.all(ids.map((id) => total.run(id).send("go", "gone", { key: "go" })));
    for (let kill = 0; kill < 5; kill++) {
      await app.advance(1 + draw(5));
      victims[draw(victims.length)]?.restart();
    }
    await app.advance("2m");
    const results = await Promise.all(ids.map((id) => total.run(id).result()));
    expect(results).toEqual(ids.map((_, n) => ({ n, drawn: 1, parts: [2, 4, 6], raced: "gone" })));
    const expected = ids.flatMap((id) => [
      `total/${id}:ledger.add#1`,
      ...[1, 2, 3].flatMap((child) => [1, 2].map((call) => `part/total/${id}:part#${child}:ledger.add#${call}`)),
    ]);
    expect(Object.keys(await app.client(ledger).asked()).toSorted()).toEqual(expected.toSorted());
    const lists = await Promise.all([total.list({ state: "open" }), part.list({ state: "open" })]);
    expect(lists).toEqual([[], []]);
  },
);

test("a run that is called, and not started by an id, is answered though the replica that was asked dies", async () => {
  await using app = await start(order, mail, child, { time: "virtual", seed: 3 });
  const answer = app.client(order).with({ timeoutMs: 864_000_000 })({ to: "ann" });
  await app.advance("1d");
  for (const replica of app.replicas(order)) {
    replica.restart();
    await app.advance("1m");
  }
  await app.advance("4d");
  expect(await answer).toMatchObject({ said: "nobody", children: ["child a", "child b"] });
  expect(await app.client(mail).sent()).toHaveLength(1);
  expect(await order.list()).toHaveLength(1);
});
