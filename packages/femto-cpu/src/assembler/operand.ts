import type { OperandKind } from "../instruction-set/instruction.ts";
import { REGISTERS } from "../machine/state.ts";
import { NUMBER_FORMS, toNumber } from "./number.ts";
import type { LineProblem } from "./problem.ts";
import type { Token } from "./token.ts";

/** A byte, or the label whose address it will be. */
export type Slot = number | { readonly label: string; readonly column: number };

/** An operand that could be read. */
export interface Operand {
  readonly kind: OperandKind | "text" | "character";
  /** Its byte; of a text each of its bytes. */
  readonly slots: readonly Slot[];
  readonly column: number;
  /** As it is written, for messages. */
  readonly written: string;
  /** Whether it is the register SP, which not every instruction takes. */
  readonly isSP: boolean;
}

/** Reads one operand: the tokens between two commas. `end`: the column behind them. */
export function toOperand(tokens: readonly Token[], end: number): Operand | LineProblem {
  const [first] = tokens;
  if (first === undefined) return { column: end, problem: "syntax error: an operand is missing", expected: OPERANDS };
  const written = tokens.map(show).join("");
  const operand = { column: first.column, written, isSP: false };
  if (first.kind === "mark") return first.text === "[" ? toAddress(tokens, end, written) : refuse(tokens, OPERANDS);
  if (tokens.length > 1) {
    return {
      column: tokens[1]!.column,
      problem: `syntax error: ${show(tokens[1]!)}`,
      expected: '"," or the end of the line',
    };
  }
  if (first.kind !== "word") return { ...operand, kind: first.kind, ...toBytes(first) };
  const register = registerNumber(first.text);
  if (register !== undefined) return { ...operand, kind: "R", slots: [register], isSP: REGISTERS[register] === "SP" };
  const slot = toSlot(first);
  return isProblem(slot) ? slot : { ...operand, kind: "N", slots: [slot] };
}

/** The number of the register of that name, in upper or lower case. */
export function registerNumber(word: string): number | undefined {
  const position = (REGISTERS as readonly string[]).indexOf(word.toUpperCase());
  return position === -1 ? undefined : position;
}

export function isProblem(value: unknown): value is LineProblem {
  return typeof value === "object" && value !== null && "problem" in value;
}

const OPERANDS = `a register, [address], [register±offset], a label or a number such as ${NUMBER_FORMS}`;

function toAddress(tokens: readonly Token[], end: number, written: string): Operand | LineProblem {
  const [open, inner, ...rest] = tokens;
  if (inner === undefined || (inner.kind !== "word" && inner.kind !== "character")) {
    const what = inner === undefined ? "nothing behind [" : show(inner);
    return {
      column: inner?.column ?? end,
      problem: `syntax error: ${what}`,
      expected: "a register, a label or a number behind [",
    };
  }
  const register = inner.kind === "word" ? registerNumber(inner.text) : undefined;
  const [sign, size] = rest;
  const signed = register !== undefined && (sign?.text === "+" || sign?.text === "-");
  const close = signed ? 2 : 0;
  if (signed && (size?.kind !== "word" || toNumber(size.text) === undefined)) {
    return {
      column: size?.column ?? end,
      problem: `syntax error: no offset behind ${sign.text}`,
      expected: "a number from 0 to 15, or to 16 behind -",
    };
  }
  if (rest[close]?.text !== "]" || rest[close]?.kind !== "mark") {
    const found = rest[close];
    return {
      column: found?.column ?? end,
      problem: `syntax error: ${found === undefined ? "[ is not closed" : show(found)}`,
      expected: register === undefined ? '"]"' : '"]", or "+" or "-" and an offset',
    };
  }
  const extra = rest[close + 1];
  if (extra !== undefined) {
    return { column: extra.column, problem: `syntax error: ${show(extra)}`, expected: '"," or the end of the line' };
  }
  const operand = { column: open!.column, written, isSP: false };
  if (register === undefined) {
    if (inner.kind === "character") return { ...operand, kind: "[N]", ...toBytes(inner) };
    const slot = toSlot(inner);
    return isProblem(slot) ? slot : { ...operand, kind: "[N]", slots: [slot] };
  }
  const offset = signed ? (sign.text === "-" ? -1 : 1) * toNumber(size!.text)! : 0;
  if (offset < -16 || offset > 15) {
    return { column: sign!.column, problem: `offset out of range: ${offset}`, expected: "an offset from -16 to 15" };
  }
  return { ...operand, kind: "[R±k]", slots: [((offset + 32) % 32) * 8 + register] };
}

/** What stands between quotes, as bytes. One that is above 255 is the place of a problem, found by {@link checkBytes}. */
function toBytes(token: Token): { readonly slots: readonly number[] } {
  return { slots: Array.from(token.text, (char) => char.codePointAt(0)!) };
}

function toSlot(token: Token): Slot | LineProblem {
  const { text, column } = token;
  if (/^[.A-Za-z]/.test(text)) return { label: text, column };
  const number = toNumber(text);
  if (number !== undefined) return number;
  return { column, problem: `syntax error: ${text} is no number`, expected: NUMBER_FORMS };
}

/** Finds the byte of an operand that is none. */
export function checkBytes(operand: Operand): LineProblem | undefined {
  const wrong = operand.slots.find((slot) => typeof slot === "number" && slot > 255);
  if (wrong === undefined) return undefined;
  const of = operand.kind === "text" || operand.kind === "character" ? `, a character of ${operand.written}` : "";
  return { column: operand.column, problem: `number out of range: ${wrong}${of}`, expected: "a number from 0 to 255" };
}

function refuse(tokens: readonly Token[], expected: string): LineProblem {
  const [first, second] = tokens;
  const number = second?.kind === "word" ? toNumber(second.text) : undefined;
  if (first?.text === "-" && number !== undefined) {
    return {
      column: first.column,
      problem: `number out of range: -${second!.text}`,
      expected: "a number from 0 to 255",
    };
  }
  return { column: first!.column, problem: `syntax error: ${show(first!)}`, expected };
}

function show(token: Token): string {
  if (token.kind === "character") return `'${token.text}'`;
  return token.kind === "text" ? `"${token.text}"` : token.text;
}
