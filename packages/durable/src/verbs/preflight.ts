import type { Foreseen, ResourceCommand } from "@hadron/core/spi";
import { type CheckedRuns, checkOpenRuns } from "./open-runs.ts";
import { toReport } from "./report.ts";

/** A plan should not take long, however many runs there are. */
const BOUNDS = { runs: 10_000, histories: 100, events: 50_000 };

/** Says how many runs of the deployed app are open, and which of them would not go on on this code. */
export async function foresee(command: ResourceCommand): Promise<Foreseen | undefined> {
  const checked = (await checkOpenRuns(command, BOUNDS)).filter(({ open }) => open > 0);
  if (checked.length === 0) return undefined;
  return {
    facts: checked.map((of) => ({ open: of.open, paused: of.paused, ...toReport(of) })),
    lines: checked.map(inWords),
    warnings: checked.flatMap((of) => toWarnings(of, command)),
  };
}

function inWords({ program, open, paused, tried, differ }: CheckedRuns): string {
  const many = open === 1 ? "1 run is open" : `${open}${open === BOUNDS.runs ? " or more" : ""} runs are open`;
  const stopped = paused === 0 ? "" : `, ${paused} of them paused`;
  const matching = `${tried - differ.length} ${tried - differ.length === 1 ? "matches" : "match"} this code`;
  const sample = tried === open ? "" : `${tried} were tried, `;
  return `${program}: ${many}${stopped}; ${sample}${matching}, ${differ.length} ${differ.length === 1 ? "does" : "do"} not.`;
}

function toWarnings({ program, tried, open, differ }: CheckedRuns, { typed }: ResourceCommand): readonly string[] {
  if (differ.length === 0) return [];
  const of =
    tried === open
      ? `${differ.length} of ${open} open runs`
      : `Of ${tried} open runs that were tried, ${differ.length}`;
  return [
    `${of} of ${program} ${differ.length === 1 ? "does" : "do"} not match this code: where such a run goes on, it is paused with its diff, and nothing of it is lost.`,
    `  To see why: ${typed(`check --program=${program}`)}`,
    `  Once the code is mended and up: ${typed(`runs ID resume --program=${program}`)}`,
  ];
}
