import { expect, test } from "vitest";
import { patch, sleep, step } from "../../src/index.ts";
import type { LogEvent } from "../../src/log/events.ts";
import { begin, Life, type Program, resultOf } from "./lives.ts";

const before: Program = async () => {
  await step("begin", () => 1);
  const old = await step("old", () => "old");
  await sleep("1d");
  return [old];
};
const changed: Program = async () => {
  await step("begin", () => 1);
  const way = patch("new") ? await step("better", () => "new") : await step("old", () => "old");
  await sleep("1d");
  // The answer is the same wherever the run asks.
  return [way, patch("new")];
};
/** The old way and the patch are taken out. */
const after: Program = async () => {
  await step("begin", () => 1);
  const way = await step("better", () => "new");
  await sleep("1d");
  return [way];
};

async function live(program: Program, log: readonly LogEvent[] = begin()) {
  const life = new Life(program, log);
  return { result: resultOf(await life.stopped), log: life.log };
}

test("a new run goes the new way, and a replay of any part of its log does, too", async () => {
  const { result, log } = await live(changed);
  expect(result).toEqual(["new", true]);
  expect(log.filter((event) => event.type === "called").map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "step begin",
    "patch new",
    "step better",
    "sleep 1d",
  ]);
  for (let cut = 1; cut < log.length; cut++) expect((await live(changed, log.slice(0, cut))).result).toEqual(result);
});

test("a run whose log went the old way keeps to it; one that had not come there goes the new way", async () => {
  const { log } = await live(before);
  const results = [];
  for (let cut = 1; cut < log.length; cut++) results.push((await live(changed, log.slice(0, cut))).result);
  const [first] = results;
  expect(first).toEqual(["new", true]);
  expect(results.at(-1)).toEqual(["old", false]);
  // Once old, always old.
  const firstOld = results.findIndex((result) => JSON.stringify(result) === '["old",false]');
  expect(results.slice(firstOld)).toEqual(results.slice(firstOld).map(() => ["old", false]));
});

test("when the patch is taken out, runs that went the new way go on, and those of the old way are paused", async () => {
  const { log } = await live(changed);
  for (let cut = 1; cut < log.length; cut++) expect((await live(after, log.slice(0, cut))).result).toEqual(["new"]);
  const old = await live(before);
  expect((await live(after, old.log.slice(0, -1))).result).toMatchObject({
    state: "paused",
    because: { message: expect.stringContaining('the log has step "old", the program came to step "better"') },
  });
});
