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
  const [first, second] = tokens;
  if (first === undefined) return { column: end, problem: "syntax error: an operand is missing", expected: OPERANDS };
  const written = tokens.map(show).join("");
  const operand = { column: first.column, written, isSP: false };
  if (first.kind === "mark" && first.text === "[") return toAddress(operand, tokens.slice(1), end);
  if (first.kind === "mark") return refuse(first, second);
  if (second !== undefined) return surplus(second);
  if (first.kind !== "word") return { ...operand, kind: first.kind, ...toBytes(first) };
  const register = registerNumber(first.text);
  if (register !== undefined) return { ...operand, kind: "R", slots: [register], isSP: REGISTERS[register] === "SP" };
  const slot = toSlot(first);
  return isProblem(slot) ? slot : { ...operand, kind: "N", slots: [slot] };
}

/** The number of the register of that name, in upper or lower case. */
export function registerNumber(word: string): number | undefined {
  const names: readonly string[] = REGISTERS;
  const position = names.indexOf(word.toUpperCase());
  return position === -1 ? undefined : position;
}

export function isProblem(value: number | object): value is LineProblem {
  return typeof value === "object" && "problem" in value;
}

const OPERANDS = `a register, [address], [register±offset], a label or a number such as ${NUMBER_FORMS}`;

/** What a whole operand has that its first token does not tell. */
type Written = Pick<Operand, "column" | "written" | "isSP">;

/** Reads what stands behind `[`. */
function toAddress(operand: Written, tokens: readonly Token[], end: number): Operand | LineProblem {
  const [inner, ...rest] = tokens;
  if (inner === undefined || (inner.kind !== "word" && inner.kind !== "character")) {
    const what = inner === undefined ? "nothing behind [" : show(inner);
    return {
      column: inner?.column ?? end,
      problem: `syntax error: ${what}`,
      expected: "a register, a label or a number behind [",
    };
  }
  const register = inner.kind === "word" ? registerNumber(inner.text) : undefined;
  const offset = register === undefined ? NO_OFFSET : toOffset(rest, end);
  if (isProblem(offset)) return offset;
  const [close, extra] = rest.slice(offset.tokens);
  if (close?.text !== "]" || close.kind !== "mark") {
    return {
      column: close?.column ?? end,
      problem: `syntax error: ${close === undefined ? "[ is not closed" : show(close)}`,
      expected: register === undefined ? '"]"' : '"]", or "+" or "-" and an offset',
    };
  }
  if (extra !== undefined) return surplus(extra);
  if (register === undefined) {
    if (inner.kind === "character") return { ...operand, kind: "[N]", ...toBytes(inner) };
    const slot = toSlot(inner);
    return isProblem(slot) ? slot : { ...operand, kind: "[N]", slots: [slot] };
  }
  const { value, column } = offset;
  if (value < -16 || value > 15) {
    return { column, problem: `offset out of range: ${value}`, expected: "an offset from -16 to 15" };
  }
  return { ...operand, kind: "[R±k]", slots: [((value + 32) % 32) * 8 + register] };
}

/** `tokens`: how many it takes. */
interface Offset {
  readonly value: number;
  readonly column: number;
  readonly tokens: number;
}

const NO_OFFSET: Offset = { value: 0, column: 0, tokens: 0 };

/** Reads `+3` or `-16`, where a sign follows. */
function toOffset([sign, size]: readonly Token[], end: number): Offset | LineProblem {
  if (sign?.text !== "+" && sign?.text !== "-") return NO_OFFSET;
  const number = size?.kind === "word" ? toNumber(size.text) : undefined;
  if (number === undefined) {
    return {
      column: size?.column ?? end,
      problem: `syntax error: no offset behind ${sign.text}`,
      expected: "a number from 0 to 15, or to 16 behind -",
    };
  }
  return { value: sign.text === "-" ? -number : number, column: sign.column, tokens: 2 };
}

function surplus(token: Token): LineProblem {
  return { column: token.column, problem: `syntax error: ${show(token)}`, expected: '"," or the end of the line' };
}

/** What stands between quotes, as bytes. One that is above 255 is the place of a problem, found by {@link checkBytes}. */
function toBytes(token: Token): { readonly slots: readonly number[] } {
  return { slots: Array.from(token.text, (char) => char.codePointAt(0) ?? 0) };
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

/** An operand cannot begin with this mark. */
function refuse(mark: Token, next: Token | undefined): LineProblem {
  const { column } = mark;
  if (mark.text === "-" && next?.kind === "word" && toNumber(next.text) !== undefined) {
    return { column, problem: `number out of range: -${next.text}`, expected: "a number from 0 to 255" };
  }
  return { column, problem: `syntax error: ${show(mark)}`, expected: OPERANDS };
}

function show(token: Token): string {
  if (token.kind === "character") return `'${token.text}'`;
  return token.kind === "text" ? `"${token.text}"` : token.text;
}
