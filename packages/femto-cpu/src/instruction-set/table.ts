import type { Instruction } from "./instruction.ts";

/** The instructions as a table of Markdown, by opcode: the documentation is made with this. */
export function toTable(instructions: readonly Instruction[]): string {
  const rows = instructions
    .toSorted((a, b) => a.opcode - b.opcode)
    .map((instruction) => {
      const { opcode, node, does, takesSP } = instruction;
      return [String(opcode), writtenAs(instruction), `\`${node}\``, does, takesSP ? "yes" : ""];
    });
  const titles = ["", "written", "node", "does", "SP"];
  const all = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const [head, ...rest] = all.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rest].join("\n");
}

/** All names, then the operands: `JC JB JNAE R`. */
function writtenAs({ mnemonics, operands }: Instruction): string {
  return `\`${[mnemonics.join(" "), operands.join(", ")].join(" ").trim()}\``;
}
