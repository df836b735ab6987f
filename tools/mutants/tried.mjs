// A reporter of Stryker's that writes each mutant down as soon as it was tried, one JSON object a line, into the file that
// MUTANTS_TRIED names: a run that is stopped has said what it found until then. It also takes the sample, where MUTANTS_SAMPLE
// says how large: Stryker runs the very list of plans that its reporters are shown, and has no option for that.
import { appendFileSync, writeFileSync } from "node:fs";

/** @param {object} line */
function write(line) {
  appendFileSync(process.env.MUTANTS_TRIED, `${JSON.stringify(line)}\n`);
}

/**
 * Leaves `size` of these in the list, drawn by `seed` alone (Fisher and Yates, with the generator mulberry32). What is
 * ignored anyway is not drawn, as it says nothing.
 *
 * @param {{ mutant: { status?: string } }[]} plans
 */
function sample(plans, size, seed) {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const drawn = plans.filter((plan) => plan.mutant.status === undefined);
  for (let last = drawn.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [drawn[last], drawn[other]] = [drawn[other], drawn[last]];
  }
  plans.splice(0, plans.length, ...drawn.slice(0, size));
}

export const strykerPlugins = [
  {
    kind: "Reporter",
    name: "tried",
    value: {
      onMutationTestingPlanReady: ({ mutantPlans }) => {
        const { MUTANTS_SAMPLE: size, MUTANTS_SEED: seed } = process.env;
        // Where no test comes at all: what to begin with.
        const unreached = {};
        for (const { mutant } of mutantPlans) {
          if (mutant.status !== undefined) continue;
          unreached[mutant.fileName] ??= [0, 0];
          unreached[mutant.fileName][1]++;
          if (mutant.coveredBy?.length === 0) unreached[mutant.fileName][0]++;
        }
        if (size !== undefined) sample(mutantPlans, Number(size), Number(seed));
        write({ planned: mutantPlans.length, unreached });
        // For what runs the tests, and is told the number of a mutant alone.
        const files = mutantPlans.map(({ mutant }) => [mutant.id, mutant.fileName]);
        writeFileSync(process.env.MUTANTS_FILES, JSON.stringify(Object.fromEntries(files)));
      },
      onMutantTested: ({ fileName, location, mutatorName, replacement, status, statusReason }) =>
        write({
          file: fileName,
          line: location.start.line,
          column: location.start.column,
          mutatorName,
          replacement,
          status,
          reason: statusReason?.slice(0, 500),
        }),
    },
  },
];
