import { MEMORY_BYTES } from "../machine/state.ts";
import type { ParsedLine } from "./parse-line.ts";
import type { Problem } from "./problem.ts";

/** A program as bytes. */
export interface Program {
  readonly bytes: readonly number[];
  /** The address of each label. */
  readonly labels: Readonly<Record<string, number>>;
  /** For each line that puts bytes: which (from 1), where they begin, and how many they are. */
  readonly lines: readonly { readonly line: number; readonly address: number; readonly length: number }[];
}

/** Puts parsed lines together to a program, or finds all that is wrong with them, in the order of the lines. */
export function putTogether(parsed: readonly ParsedLine[]): Program | readonly Problem[] {
  const problems: Problem[] = [];
  const labels = new Map<string, { readonly address: number; readonly line: number }>();
  const lines: { line: number; address: number; length: number }[] = [];
  let address = 0;
  for (const [index, { label, slots, problems: own }] of parsed.entries()) {
    const line = index + 1;
    problems.push(...own.map((problem) => ({ line, ...problem })));
    if (label !== null) {
      const earlier = labels.get(label.name);
      if (earlier === undefined) labels.set(label.name, { address, line });
      else
        problems.push({
          line,
          column: label.column,
          problem: `label taken: ${label.name}`,
          expected: `another name than that of line ${earlier.line}`,
        });
    }
    if (slots.length === 0) continue;
    lines.push({ line, address, length: slots.length });
    // Once: the line that goes past the end is the one to look at.
    if (address <= MEMORY_BYTES && address + slots.length > MEMORY_BYTES) {
      problems.push({
        line,
        column: 1,
        problem: `a program over ${MEMORY_BYTES} bytes: this line ends at ${address + slots.length}`,
        expected: `at most ${MEMORY_BYTES} bytes in all`,
      });
    }
    address += slots.length;
  }
  const bytes = parsed.flatMap(({ slots }, index) =>
    slots.map((slot) => {
      if (typeof slot === "number") return slot;
      const target = labels.get(slot.label)?.address;
      if (target !== undefined && target < MEMORY_BYTES) return target;
      const problem =
        target === undefined ? `undefined label: ${slot.label}` : `number out of range: ${slot.label} is ${target}`;
      const expected = target === undefined ? "a label of this program" : `an address below ${MEMORY_BYTES}`;
      problems.push({ line: index + 1, column: slot.column, problem, expected });
      return 0;
    }),
  );
  if (problems.length > 0) return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { bytes, labels: Object.fromEntries([...labels].map(([name, { address }]) => [name, address])), lines };
}
