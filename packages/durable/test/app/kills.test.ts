import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { ledger, part, total } from "./ledger.ts";

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
