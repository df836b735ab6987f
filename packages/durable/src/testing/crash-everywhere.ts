import { deepStrictEqual } from "node:assert";
import type { AnyService } from "@hadron/core";
import { Chance, inWords } from "@hadron/core/spi";
import { type StartedApp, start } from "@hadron/core/testing";
import { type Commit, type Crash, Crasher } from "./crasher.ts";
import { type Sight, Watcher } from "./sight.ts";

/** Of the crashes after one commit each, how many are followed by a second one in the recovery. */
const SECONDS_PART = 0.25;
/** Between a crash and the second one there are fewer commits than this. */
const RECOVERY_COMMITS = 4;

export interface CrashOptions {
  /** What chance, and the second crashes, are drawn from. @default 0 */
  readonly seed?: number;
  /** How many times a second crash follows in the recovery from the first. @default one in four, and at least one */
  readonly seconds?: number;
}

/** What was tried. */
export interface Crashes {
  /** What the scenario committed, in its order: who did, and what, in words. */
  readonly commits: readonly string[];
  /** How many crashes there were. */
  readonly crashes: number;
}

/**
 * Runs a scenario once, in virtual time, to learn which commits of durable programs it makes; then again with a crash before each
 * of them, and after each of them, of the replica that makes it: it starts anew. Some of these have a second crash while the first
 * is recovered from. Each time the scenario must give the same, each run come to the same outcome by the same commands, and each
 * call to another service have been made, by its key.
 *
 * What the scenario gives is what it returns, or the code and the message of what it throws: return the effects that matter, such
 * as what was mailed. It is called anew each time, and should begin runs by `start` with an id, and leave a few seconds where it
 * looks at what a program has done by then: a run whose replica crashed goes on within 5 s.
 *
 * @throws AssertionError with the first difference, and at which commit the crash was.
 * @example
 * test("a crash anywhere changes nothing of an order", async () => {
 *   await crashEverywhere([order, mail], async (app) => {
 *     const one = await order.start({ id: 7 }, { id: "order/7" });
 *     await app.advance("2h");
 *     await one.send("approved", { by: "ann" }, { key: "click" });
 *     return one.result();
 *   });
 * });
 */
export async function crashEverywhere(
  app: readonly AnyService[],
  scenario: (app: StartedApp) => unknown,
  { seed = 0, seconds }: CrashOptions = {},
): Promise<Crashes> {
  const run = (crashes: readonly Crash[]) => runOnce(app, scenario, seed, crashes);
  const whole = await run([]);
  const commits = whole.commits.map(({ words }) => words);
  const single = commits.flatMap((_, commit) => [
    [{ commit, when: "before" }] as const,
    [{ commit, when: "after" }] as const,
  ]);
  const double = sampleSeconds(single, seed, seconds ?? Math.max(1, Math.floor(single.length * SECONDS_PART)));
  let count = 0;
  for (const crashes of [...single, ...double]) {
    const { sight, commits: came } = await run(crashes);
    count += crashes.filter(({ commit }) => commit < came.length).length;
    try {
      deepStrictEqual(sight, whole.sight);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      error.message = `With ${inWordsOf(crashes, came)}, the scenario went another way (seed ${seed}). ${error.message}`;
      throw error;
    }
  }
  return { commits, crashes: count };
}

interface Run {
  readonly sight: Sight;
  readonly commits: readonly Commit[];
}

async function runOnce(
  services: readonly AnyService[],
  scenario: (app: StartedApp) => unknown,
  seed: number,
  crashes: readonly Crash[],
): Promise<Run> {
  await using app = await start(...services, { time: "virtual", seed });
  const crasher = new Crasher(app, crashes);
  const watcher = new Watcher(app);
  let outcome: Sight["scenario"];
  try {
    outcome = { value: await scenario(app) };
  } catch (error) {
    outcome = { error: inWords(error) };
  }
  crasher.end();
  return { sight: await watcher.see(outcome), commits: crasher.commits };
}

/** Second crashes, each a few commits behind a first one of those. */
function sampleSeconds(
  single: readonly (readonly [Crash])[],
  seed: number,
  count: number,
): (readonly [Crash, Crash])[] {
  if (single.length === 0) return [];
  const chance = new Chance(`second crashes ${seed}`);
  const below = (most: number) => Math.floor(chance.number() * most);
  return Array.from({ length: count }, () => {
    const first = single[below(single.length)] as readonly [Crash];
    const when = chance.number() < 0.5 ? "before" : "after";
    return [first[0], { commit: first[0].commit + 1 + below(RECOVERY_COMMITS), when }];
  });
}

function inWordsOf(crashes: readonly Crash[], commits: readonly Commit[]): string {
  return crashes
    .map(({ commit, when }, place) => {
      const which = place === 0 ? "a crash" : "a second one";
      return `${which} ${when} commit ${commit + 1} (${commits[commit]?.words ?? "which did not come"})`;
    })
    .join(" and ");
}
