import type { Instruction } from "./instruction.ts";

/** The instructions as a table of Markdown, by opcode: the documentation is made with this. */
export function toTable(instructions: readonly Instruction[]): string {
  const rows = instructions
    .toSorted((a, b) => a.opcode - b.opcode)
    .map((one) => [String(one.opcode), writtenAs(one), `\`${one.node}\``, one.does, one.takesSP ? "yes" : ""]);
  const all = [["", "written", "node", "does", "SP"], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const [head, ...rest] = all.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`,
  );
  return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rest].join("\n");
}

/** All names, then the operands: `JC JB JNAE R`. */
function writtenAs({ mnemonics, operands }: Instruction): string {
  return `\`${[mnemonics.join(" "), operands.join(", ")].join(" ").trim()}\``;
}
