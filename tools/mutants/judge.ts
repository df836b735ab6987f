import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Mutant } from "./try.ts";

/** Of the mutants that tests could notice, so many in a hundred have to be. */
const ENOUGH_PERCENT = 80;
/** Of fewer than so many, one more or less would decide: nothing is said against them. */
const FEWEST = 20;
/** What a test says that waited in vain: on a machine that is too busy, it may say so of no mutant at all. */
const BY_TIME = /timed out|ran out|in time/i;

/** A change that changes nothing that could be seen. */
interface Equivalent {
  readonly file: string;
  /** The line that is changed, without its indentation. */
  readonly line: string;
  readonly replacement: string;
  readonly why: string;
}

/**
 * Counts by package what was noticed; `isEnough` is false where a package has too many that were not. Of a sample it says
 * between which figures the whole is likely to lie (95 in 100; Wilson's interval).
 */
export function judge(root: string, tried: readonly Mutant[], isSample: boolean) {
  const equivalents: readonly Equivalent[] = JSON.parse(
    readFileSync(join(root, "tools/mutants/equivalents.json"), "utf8"),
  );
  const tallies = new Map<string, { noticed: number; byTime: number; unnoticed: number; equivalent: number }>();
  const survivors: object[] = [];
  for (const { file: path, line, column, mutatorName, replacement = "", status: fate, reason = "" } of tried) {
    const file = relative(root, resolve(root, path));
    const name = file.split("/")[1] ?? file;
    const tally = tallies.get(name) ?? { noticed: 0, byTime: 0, unnoticed: 0, equivalent: 0 };
    tallies.set(name, tally);
    // A file of tests that cannot be loaded any more notices it as well.
    if (fate === "Killed" || fate === "Timeout" || fate === "RuntimeError") {
      tally.noticed++;
      if (fate === "Timeout" || BY_TIME.test(reason)) tally.byTime++;
    } else if (fate === "Survived" || fate === "NoCoverage") {
      const was = (readFileSync(join(root, file), "utf8").split("\n")[line - 1] ?? "").trim();
      if (equivalents.some((known) => known.file === file && known.line === was && known.replacement === replacement))
        tally.equivalent++;
      else {
        tally.unnoticed++;
        survivors.push({ file, line, column, fate, mutator: mutatorName, was, replacement });
      }
    }
  }
  let isEnough = true;
  const summary = [...tallies].map(([name, { noticed, byTime, unnoticed, equivalent }]) => {
    const all = noticed + unnoticed;
    if (all === 0) return `${name}: no mutant that tests could notice, ${equivalent} equivalent`;
    const percent = (100 * noticed) / all;
    const isBelow = all >= FEWEST && percent < ENOUGH_PERCENT;
    if (isBelow) isEnough = false;
    const verdict = isBelow
      ? `: below ${ENOUGH_PERCENT} %`
      : all < FEWEST
        ? `; fewer than ${FEWEST} are not judged`
        : "";
    return `${name}: ${noticed} of ${all} mutants noticed (${percent.toFixed(1)} %${isSample ? `, ${likely(noticed, all)}` : ""}), ${byTime} of them by waiting in vain, ${equivalent} equivalent${verdict}`;
  });
  return { survivors, summary, isEnough };
}

/** E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927. */
function likely(noticed: number, all: number): string {
  const z = 1.96;
  const share = noticed / all;
  const middle = (share + z ** 2 / (2 * all)) / (1 + z ** 2 / all);
  const half = (z * Math.sqrt((share * (1 - share)) / all + z ** 2 / (4 * all ** 2))) / (1 + z ** 2 / all);
  return `${(100 * (middle - half)).toFixed(0)} to ${(100 * (middle + half)).toFixed(0)} % of all`;
}
