import type { Instruction } from "../instruction-set/instruction.ts";
import type { InstructionSet } from "../instruction-set/instruction-set.ts";
import type { Operand, Slot } from "./operand.ts";
import { checkBytes, isProblem, registerNumber, toOperand } from "./operand.ts";
import type { LineProblem } from "./problem.ts";
import type { Token } from "./token.ts";
import { toTokens } from "./token.ts";

/** What one line means. Plain data: it crosses the wire from the line parser to the assembler. */
export interface ParsedLine {
  /** The label that stands here, or null. */
  readonly label: { readonly name: string; readonly column: number } | null;
  readonly slots: readonly Slot[];
  readonly problems: readonly LineProblem[];
}

/** Parses one line of assembly, `label: INSTRUCTION OPERAND, OPERAND ; comment`. Never throws. */
export function parseLine(set: InstructionSet, line: string): ParsedLine {
  const { tokens, problems } = toTokens(line);
  const [first, second] = tokens;
  const found: LineProblem[] = [...problems];
  let rest = tokens;
  let label: ParsedLine["label"] = null;
  // A label's colon follows at once.
  if (first?.kind === "word" && second?.text === ":" && second.column === first.column + first.text.length) {
    rest = tokens.slice(2);
    const wrong = checkLabel(first);
    if (wrong === undefined) label = { name: first.text, column: first.column };
    else found.push(wrong);
  }
  const slots: Slot[] = [];
  // Where tokens could not be read, what is left of the line makes no sense: it would be a second word for one mistake.
  const [name, ...operands] = rest;
  if (name !== undefined && problems.length === 0) {
    const last = operands.at(-1) ?? name;
    const outcome = parseInstruction(set, name, operands, last.column + widthOf(last));
    slots.push(...outcome.slots);
    found.push(...outcome.problems);
  }
  return { label, slots, problems: found.toSorted((a, b) => a.column - b.column) };
}

type Outcome = Pick<ParsedLine, "slots" | "problems">;

function parseInstruction(set: InstructionSet, name: Token, rest: readonly Token[], end: number): Outcome {
  if (name.kind !== "word" || !/^[A-Za-z]/.test(name.text)) {
    return fail(name.column, `syntax error: ${name.text}`, "an instruction or a label");
  }
  const mnemonic = name.text.toUpperCase();
  const forms = set.byMnemonic.get(mnemonic);
  if (forms === undefined && mnemonic !== "DB") {
    return fail(
      name.column,
      `invalid instruction: ${name.text}`,
      `DB or one of ${[...set.byMnemonic.keys()].join(" ")}`,
    );
  }
  const groups = split(rest, end).map(({ tokens, end }) => ({ tokens, read: toOperand(tokens, end), end }));
  const most = forms === undefined ? 1 : Math.max(...forms.map((form) => form.operands.length));
  const extra = groups[most];
  const problems: LineProblem[] = groups
    .map(({ read }) => (isProblem(read) ? read : checkBytes(read)))
    .filter((problem) => problem !== undefined);
  if (extra !== undefined) {
    const column = extra.tokens[0]?.column ?? extra.end;
    const expected = most === 0 ? "none" : `at most ${most}`;
    problems.push({ column, problem: `too many arguments for ${mnemonic}: ${groups.length}`, expected });
  }
  if (problems.length > 0) return { slots: [], problems };
  const operands = groups.flatMap(({ read }) => (isProblem(read) ? [] : [read]));
  return forms === undefined ? putBytes(name, operands) : pick(mnemonic, name.column, forms, operands);
}

/** Picks the form that takes these operands. */
function pick(mnemonic: string, column: number, forms: readonly Instruction[], operands: readonly Operand[]): Outcome {
  const kinds = operands.map(({ kind }) => (kind === "character" ? "N" : kind));
  const form = forms.find(({ operands: taken }) => taken.join() === kinds.join());
  if (form === undefined) {
    const given = operands.length === 0 ? "none" : operands.map(({ written }) => written).join(", ");
    const taken = forms.map(({ operands: kinds }) => (kinds.length === 0 ? "none" : kinds.join(", "))).join(" or ");
    return fail(operands[0]?.column ?? column, `operands that ${mnemonic} does not take: ${given}`, taken);
  }
  const stack = operands.find(({ isSP }) => isSP);
  if (stack !== undefined && !form.takesSP) {
    return fail(stack.column, `operands that ${mnemonic} does not take: ${stack.written}`, "A, B, C or D");
  }
  return { slots: [form.opcode, ...operands.flatMap(({ slots }) => slots)], problems: [] };
}

function putBytes(name: Token, operands: readonly Operand[]): Outcome {
  const [operand] = operands;
  if (operand !== undefined && ["N", "character", "text"].includes(operand.kind)) {
    return { slots: operand.slots, problems: [] };
  }
  const given = operand === undefined ? "none" : operand.written;
  return fail(
    operand?.column ?? name.column,
    `operands that DB does not take: ${given}`,
    `a number, a label, 'c' or "text"`,
  );
}

function checkLabel({ text, column }: Token): LineProblem | undefined {
  if (registerNumber(text) !== undefined) {
    return { column, problem: `label is a register's name: ${text}`, expected: "a name other than A, B, C, D and SP" };
  }
  if (/^[.A-Za-z]/.test(text)) return undefined;
  return { column, problem: `syntax error: ${text}`, expected: "a label that begins with a letter or a point" };
}

/** Cuts tokens at the commas. `end` of each: the column of the comma behind it, or of the end of the line. */
function split(tokens: readonly Token[], end: number): { readonly tokens: readonly Token[]; readonly end: number }[] {
  if (tokens.length === 0) return [];
  const commas = tokens.flatMap(({ kind, text }, index) => (kind === "mark" && text === "," ? [index] : []));
  return [...commas, tokens.length].map((index, position) => ({
    tokens: tokens.slice(position === 0 ? 0 : (commas[position - 1] ?? 0) + 1, index),
    end: tokens[index]?.column ?? end,
  }));
}

function widthOf({ kind, text }: Token): number {
  return text.length + (kind === "text" || kind === "character" ? 2 : 0);
}

function fail(column: number, problem: string, expected: string): Outcome {
  return { slots: [], problems: [{ column, problem, expected }] };
}
