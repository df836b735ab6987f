// A reporter of Stryker's that writes each mutant down as soon as it was tried, one JSON object a line, into the file that
// MUTANTS_TRIED names: a run that is stopped has said what it found until then.
import { appendFileSync } from "node:fs";

/** @param {object} line */
function write(line) {
  appendFileSync(process.env.MUTANTS_TRIED, `${JSON.stringify(line)}\n`);
}

export const strykerPlugins = [
  {
    kind: "Reporter",
    name: "tried",
    value: {
      onMutationTestingPlanReady: ({ mutantPlans }) => write({ planned: mutantPlans.length }),
      onMutantTested: ({ fileName, location, mutatorName, replacement, status }) =>
        write({
          file: fileName,
          line: location.start.line,
          column: location.start.column,
          mutatorName,
          replacement,
          status,
        }),
    },
  },
];
