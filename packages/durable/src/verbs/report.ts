import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Differing } from "../replay/rehearse.ts";

/** Histories of one program that were tried. */
export interface Checked {
  readonly program: string;
  readonly tried: number;
  readonly differ: readonly DifferingRun[];
}

/** One that does not match. */
export interface DifferingRun extends Omit<Differing, "state"> {
  /** The id of its run, or the path of its file. */
  readonly from: string;
}

/** As JSON has it. */
export function toReport({ program, tried, differ }: Checked) {
  return {
    program,
    tried,
    match: tried - differ.length,
    differ: differ.map(({ from, n, difference: { expected, came, where }, message }) => ({
      from,
      event: n,
      expected,
      came,
      ...toPlace(where),
      message,
    })),
  };
}

/** A diff for people: what the history has, and what came instead, where. */
export function toDiff(program: string, { from, n, difference }: DifferingRun, cwd: string): readonly string[] {
  const { file, line, column } = toPlace(difference.where);
  const near = file === undefined ? undefined : relative(cwd, file);
  const place = near === undefined ? "" : `  ${near.startsWith("..") ? file : near}:${line}:${column}`;
  return [`${program} ${from}, event ${n}`, `  - ${difference.expected}`, `  + ${difference.came}${place}`];
}

function toPlace(where: string | undefined): {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
} {
  const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(where ?? "") ?? [];
  if (file === undefined) return {};
  return { file: file.startsWith("file:") ? fileURLToPath(file) : file, line: Number(line), column: Number(column) };
}
