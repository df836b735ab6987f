import { HadronError } from "@hadron/core";
import { expect, test } from "vitest";
import { hook, sleep, step } from "../../src/index.ts";
import { begin, Life, resultOf, settle } from "./lives.ts";

/** A step that is at work until it is told to be done. */
function slow() {
  const done = Promise.withResolvers<string>();
  const begun: string[] = [];
  const work = ({ key }: { key: string }) => {
    begun.push(key);
    return done.promise;
  };
  return { done, begun, work };
}

test("a drained run keeps what came of its step at work, begins nothing more, and goes on from there elsewhere", async () => {
  const { done, begun, work } = slow();
  let after = 0;
  const program = async () => [await step("slow", work, { onDoubt: "fail" }), await step("next", () => ++after)];
  const life = new Life(program, begin(), { holds: false });
  await settle();
  let isDrained = false;
  const drained = life.execution.drain().then(() => {
    isDrained = true;
  });
  await settle();
  expect([begun, isDrained]).toEqual([["test/1:slow#1"], false]);
  done.resolve("done");
  await drained;
  expect([after, life.log.map(({ type }) => type)]).toEqual([0, ["started", "called", "settled"]]);
  life.execution.drop(undefined);
  // The very same program in another life: the step is not done again, though it would have failed if it were in doubt.
  const other = new Life(program, life.log);
  expect(resultOf(await other.stopped)).toEqual(["done", 1]);
  expect(begun).toHaveLength(1);
});

test("what waits for time or for a message is no work: such a run is drained at once, and no timer begins anything", async () => {
  const life = new Life(
    async () => {
      await Promise.race([sleep("1s"), hook("go").next()]);
      return "over";
    },
    begin(),
    { holds: false },
  );
  await settle();
  await life.execution.drain();
  life.time.hold();
  await life.wait(5000);
  expect(life.log.map(({ type }) => type)).toEqual(["started", "called", "called"]);
});

test("an attempt that fails while the run is drained is not tried again by it, and is not in doubt", async () => {
  const attempts: number[] = [];
  const done = Promise.withResolvers<void>();
  const program = () =>
    step(
      "s",
      async ({ attempt }) => {
        attempts.push(attempt);
        if (attempt > 1) return attempt;
        await done.promise;
        throw new HadronError("UNAVAILABLE", "away", { retryable: true });
      },
      { attempts: 3, backoffMs: 10, onDoubt: "fail" },
    );
  const life = new Life(program, begin(), { holds: false });
  await settle();
  const drained = life.execution.drain();
  done.resolve();
  await drained;
  life.time.hold();
  await life.wait(5000);
  expect([attempts, life.log.map(({ type }) => type)]).toEqual([[1], ["started", "called", "failed"]]);
  life.execution.drop(undefined);
  expect(resultOf(await new Life(program, life.log).stopped)).toBe(2);
});

test("a run that is not owned any more, or over, has nothing to drain", async () => {
  const { begun, work } = slow();
  const life = new Life(() => step("slow", work), begin(), { holds: false });
  await settle();
  const drained = life.execution.drain();
  life.execution.drop(undefined);
  await drained;
  await life.execution.drain();
  expect(begun).toHaveLength(1);
});
