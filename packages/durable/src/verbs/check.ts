import { basename } from "node:path";
import type { ResourceCommand } from "@hadron/core/spi";
import { checkHistory } from "../replay/check-history.ts";
import { quietly } from "../replay/quietly.ts";
import { programsOf, toNumber } from "./find.ts";
import { findHistories, programOfFile, readHistoryFile } from "./history-files.ts";
import { type CheckedRuns, checkOpenRuns } from "./open-runs.ts";
import { type Checked, type DifferingRun, toDiff, toReport } from "./report.ts";

/** Runs `check`. */
export async function check(command: ResourceCommand): Promise<number> {
  const { words, json, out, err, table, cwd } = command;
  const checked = words.length === 0 ? await checkDeployed(command) : await checkFiles(command);
  const status = checked.some(({ differ }) => differ.length > 0) ? 1 : 0;
  if (json) {
    out(JSON.stringify({ programs: checked.map(toReport) }));
    return status;
  }
  table([
    ["PROGRAM", "TRIED", "MATCH", "DIFFER"],
    ...checked.map(({ program, tried, differ }) => [
      program,
      String(tried),
      String(tried - differ.length),
      String(differ.length),
    ]),
  ]);
  for (const { program, differ } of checked) {
    for (const one of differ) for (const line of ["", ...toDiff(program, one, cwd)]) out(line);
  }
  if (status === 1)
    err(
      "Mend the code so that these go their old way: patch(name) keeps it for them. Then resume those that are paused.",
    );
  return status;
}

/** All runs that are not over, unless fewer were asked for. */
async function checkDeployed(command: ResourceCommand): Promise<readonly CheckedRuns[]> {
  const all = Number.POSITIVE_INFINITY;
  const histories = toNumber("limit", command.flags.limit) ?? all;
  const checked = await checkOpenRuns(command, { runs: all, histories, events: all });
  for (const { program, tried, open } of checked) {
    if (tried < open) command.err(`${tried} of ${open} open runs of ${program} were tried.`);
  }
  return checked;
}

async function checkFiles(command: ResourceCommand): Promise<readonly Checked[]> {
  const programs = programsOf(command);
  const names = programs.map(({ name }) => name);
  const files = (await findHistories(command.words, command.cwd)).map((path) => ({
    path,
    of: programOfFile(path, names),
  }));
  const checked: Checked[] = [];
  for (const { name, program } of programs) {
    const paths = files.filter(({ of }) => of === name).map(({ path }) => path);
    const differ: DifferingRun[] = [];
    for (const path of paths) {
      command.signal.throwIfAborted();
      const history = await readHistoryFile(path);
      const differing = await quietly(() => checkHistory(history, program, `${name}/${basename(path)}`));
      if (differing !== undefined) differ.push({ from: path, ...differing });
    }
    checked.push({ program: name, tried: paths.length, differ });
  }
  return checked;
}
