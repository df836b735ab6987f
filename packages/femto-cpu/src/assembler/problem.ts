import { HadronError } from "@hadron/core";

/** What is wrong with a program, where, and what should stand there. Lines and columns count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  /** In the words of the machine's description, then the thing itself, e.g. `number out of range: 300`. */
  readonly problem: string;
  /** E.g. `a number from 0 to 255`. */
  readonly expected: string;
}

/** A problem of one line, which does not know its number. */
export type LineProblem = Omit<Problem, "line">;

/** All that is wrong with a program as one error, INVALID_INPUT: a line of the message for each problem. */
export function toAssemblyError(problems: readonly Problem[]): HadronError {
  const lines = problems.map(
    ({ line, column, problem, expected }) => `line ${line}, column ${column}: ${problem}; expected ${expected}`,
  );
  const count = problems.length === 1 ? "1 error" : `${problems.length} errors`;
  return new HadronError("INVALID_INPUT", `The program has ${count}:\n${lines.join("\n")}`);
}
