import type { ResourceCommand } from "@hadron/core/spi";
import { openStore } from "@hadron/resources/store";
import type { RunSummary } from "../owner/runs.ts";
import { checkHistory, toReadHistory } from "../replay/check-history.ts";
import { quietly } from "../replay/quietly.ts";
import { type Found, programsOf, toFound } from "./find.ts";
import type { Checked, DifferingRun } from "./report.ts";

/** How much is looked at, of each program. */
export interface Bounds {
  /** Runs are counted so far. */
  readonly runs: number;
  readonly histories: number;
  /** Of all histories together. */
  readonly events: number;
}

/** The runs of a program that are not over, and how those that were tried go on on the code that is here. */
export interface CheckedRuns extends Checked {
  /** Where it is the bound, there may be more. */
  readonly open: number;
  /** Of those. */
  readonly paused: number;
}

/** Tries the open runs of the deployed app. Reads alone. */
export async function checkOpenRuns(command: ResourceCommand, bounds: Bounds): Promise<readonly CheckedRuns[]> {
  const store = await openStore(command);
  const checked: CheckedRuns[] = [];
  for (const declared of programsOf(command)) {
    checked.push(await checkProgram(toFound(store, command, declared), bounds, command.signal));
  }
  return checked;
}

async function checkProgram(found: Found, bounds: Bounds, signal: AbortSignal): Promise<CheckedRuns> {
  const { name, runs, program } = found;
  const open = await listOpen(found, bounds.runs, signal);
  const differ: DifferingRun[] = [];
  let left = bounds.events;
  let tried = 0;
  for (const { id, events } of takeEvenly(open, bounds.histories)) {
    if (events > left) continue;
    left -= events;
    tried++;
    const logged = await runs.logged(id, undefined, signal);
    const history = toReadHistory(logged.first, logged.events);
    const differing = await quietly(() => checkHistory(history, program, `${name}/${id}`));
    // One that has come to its end meanwhile is not open any more.
    if (differing === undefined || (await runs.summary(id)).state === "ended") continue;
    differ.push({ from: id, ...differing });
  }
  const paused = open.filter(({ state }) => state === "paused").length;
  return { program: name, tried, differ, open: open.length, paused };
}

const PAGE = 1000;

async function listOpen({ runs }: Found, most: number, signal: AbortSignal): Promise<readonly RunSummary[]> {
  const found: RunSummary[] = [];
  for (const state of ["open", "paused"] as const) {
    let from: string | undefined;
    for (;;) {
      signal.throwIfAborted();
      const page = await runs.list({ state, from, limit: PAGE });
      // A page begins with the last of the one before, if that is still such a one.
      found.push(...(page[0]?.id === from ? page.slice(1) : page));
      from = page.at(-1)?.id;
      if (page.length < PAGE || found.length >= most) break;
    }
  }
  return found.slice(0, most);
}

/** Spreads places evenly, and in step with nothing that comes round in a list. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** So many of them at most, early and late ones alike: the same whenever it is asked. */
function takeEvenly<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  const taken = new Set<T>();
  for (let n = 0; taken.size < most; n++) taken.add(all[Math.floor(((n * GOLDEN) % 1) * all.length)]!);
  return [...taken];
}
