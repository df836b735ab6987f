import type { InstructionSet } from "../instruction-set/instruction-set.ts";
import { parseLine } from "./parse-line.ts";
import { toAssemblyError } from "./problem.ts";
import type { Program } from "./put-together.ts";
import { putTogether } from "./put-together.ts";

/** A source as lines; any of the usual line ends will do. */
export function toLines(source: string): readonly string[] {
  return source.split(/\r\n|\n|\r/);
}

/** Assembles in this process. INVALID_INPUT with all that is wrong with the program, a line each. */
export function assemble(set: InstructionSet, source: string): Program {
  const program = putTogether(toLines(source).map((line) => parseLine(set, line)));
  if ("bytes" in program) return program;
  throw toAssemblyError(program);
}
