import type { Context, Part, PartOf } from "@hadron/core";
import { HadronError, procedure } from "@hadron/core";
import { child, pattern } from "@hadron/core/spi";
import { toLines } from "../assembler/assemble.ts";
import { type ParsedLine, parseLine } from "../assembler/parse-line.ts";
import { toAssemblyError } from "../assembler/problem.ts";
import { type Program, putTogether } from "../assembler/put-together.ts";
import type { InstructionSet } from "../instruction-set/instruction-set.ts";
import { repeated } from "./repeated.ts";

/** A program has at most 256 bytes; the rest is comments and labels. */
const MAX_LINES = 5_000;
/** Lines under way at once: a long source leaves room in the line parsers for others. */
const AT_ONCE = 64;
const REPEAT_MS = 15_000;

export type LineHandler = (line: string) => ParsedLine;

/** Parses one line. */
export function lineParser(set: InstructionSet): LineHandler {
  return procedure({ idempotent: true, description: "Parses one line of assembly." }, (line: string) =>
    parseLine(set, line),
  );
}

/**
 * Sends each line to a line parser, and puts the program together.
 * INVALID_INPUT with all that is wrong with it: line, column, what was expected.
 */
export function assembler(parser: PartOf<LineHandler>): Part<(source: string, context: Context) => Promise<Program>> {
  return pattern({
    name: "assembler",
    children: { parser: child(parser) },
    root: ({ parser }) =>
      procedure({ idempotent: true }, async (source: string, { signal }: Context): Promise<Program> => {
        const lines = toLines(source);
        if (lines.length > MAX_LINES) {
          throw new HadronError("INVALID_INPUT", `The program has ${lines.length} lines, and may have ${MAX_LINES}.`);
        }
        const parsed: ParsedLine[] = [];
        // One list that all take from: each line is parsed once.
        const left = lines.entries();
        const work = async (): Promise<void> => {
          for (const [index, line] of left)
            parsed[index] = await repeated(() => parser.client(line), { forMs: REPEAT_MS, signal });
        };
        await Promise.all(Array.from({ length: Math.min(AT_ONCE, lines.length) }, work));
        const program = putTogether(parsed);
        if ("bytes" in program) return program;
        throw toAssemblyError(program);
      }),
  });
}
