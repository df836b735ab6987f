import { HadronError } from "@hadron/core";
import type { RegisterName, State } from "../machine/state.ts";

/** `R` a register; `[R±k]` and `[N]` the byte at an address; `N` a number or label. */
export const OPERAND_KINDS = ["R", "[R±k]", "[N]", "N"] as const;

/** A kind of operand: one of {@link OPERAND_KINDS}. */
export type OperandKind = (typeof OPERAND_KINDS)[number];

/** What a step knows beside the values of its operands: the machine before it, the address after it, the byte popped. */
export interface Machine extends State {
  readonly next: number;
  readonly popped: number;
}

/** What a step does. All of it happens, or, where one part is a fault, nothing. */
export interface Effects {
  /** New bytes of the operands, by position; a register's or the byte's at the address. Taken modulo 256. */
  readonly put?: readonly number[];
  /** New bytes of registers that are not operands. Taken modulo 256. */
  readonly set?: Readonly<Partial<Record<RegisterName, number>>>;
  readonly flags?: { readonly zero: boolean; readonly carry: boolean };
  /** Stored at [SP]; SP then goes down by 1. */
  readonly push?: number;
  /** The next step's address, where it is not the instruction after this one. */
  readonly jump?: number;
  /** The program is over: IP stays here. */
  readonly halt?: true;
  /** The step cannot be done: the run ends with this as its fault. */
  readonly fault?: string;
}

/** The values of the operands, as many as the syntax names. Of `[N]` and `[R±k]` it is the byte there. */
export type Values<Syntax extends string> = Syntax extends `${string} ${string}, ${string}, ${string}`
  ? readonly [number, number, number]
  : Syntax extends `${string} ${string}, ${string}`
    ? readonly [number, number]
    : Syntax extends `${string} ${string}`
      ? readonly [number]
      : readonly [];

/** What an instruction is declared with, beside its syntax: see {@link instruction}. */
export interface InstructionSpec<Syntax extends string, Node extends string> {
  /** The first byte of the instruction: 0–255, one that no other has. */
  readonly opcode: number;
  /** The name of the service that does it. */
  readonly node: Node;
  /** What it does, in a few words, for the table in the documentation. */
  readonly does: string;
  /** Whether its registers may be SP. @default false */
  readonly takesSP?: boolean;
  /** Whether its first operand is only written to, so that nothing is loaded from there. @default false */
  readonly overwrites?: boolean;
  /** Whether it takes a byte off the stack, which the step gets as `popped`. @default false */
  readonly pops?: boolean;
  /** What it means. Pure: it is done again where a node dies in the middle of it. */
  readonly step: (values: Values<Syntax>, machine: Machine) => Effects;
}

/** One instruction, from the syntax to what its node does. */
export interface Instruction<Syntax extends string = string, Node extends string = string> {
  readonly syntax: Syntax;
  /** In upper case; all mean the same. */
  readonly mnemonics: readonly string[];
  readonly operands: readonly OperandKind[];
  readonly opcode: number;
  readonly node: Node;
  readonly does: string;
  readonly takesSP: boolean;
  readonly overwrites: boolean;
  readonly pops: boolean;
  readonly step: (values: readonly number[], machine: Machine) => Effects;
}

/**
 * Declares an instruction: how it is written, its opcode, its node, and what it means. The assembler, the node and the
 * documentation follow from it.
 *
 * INVALID_DECLARATION if the syntax cannot be read or the opcode is no byte.
 *
 * @param syntax names, then operands: `MNEMONIC|ALIAS R, [N]`. Operands are `R`, `[R±k]`, `[N]` and `N`.
 *
 * @example
 * const swap = instruction("SWAP R, R", {
 *   opcode: 110,
 *   node: "swap-reg-with-reg",
 *   does: "first and second change places",
 *   step: ([first, second]) => ({ put: [second, first] }),
 * });
 */
export function instruction<const Syntax extends string, const Node extends string>(
  syntax: Syntax,
  spec: InstructionSpec<Syntax, Node>,
): Instruction<Syntax, Node> {
  const { opcode, node, does, takesSP = false, overwrites = false, pops = false } = spec;
  const { mnemonics, operands } = readSyntax(syntax);
  if (!Number.isInteger(opcode) || opcode < 0 || opcode > 255) {
    throw new HadronError("INVALID_DECLARATION", `"${syntax}": the opcode is ${opcode}, and should be 0 to 255.`);
  }
  // As many values come as the syntax has operands.
  const step = spec.step as Instruction["step"];
  return { syntax, mnemonics, operands, opcode, node, does, takesSP, overwrites, pops, step };
}

function readSyntax(syntax: string): { mnemonics: string[]; operands: OperandKind[] } {
  const match = /^(\w+(?:\|\w+)*)(?: (.+))?$/.exec(syntax);
  const mnemonics = match?.[1]?.split("|") ?? [];
  const operands = match?.[2]?.split(", ") ?? [];
  const wrong = operands.find((operand) => !isOperandKind(operand));
  if (wrong !== undefined) {
    const known = OPERAND_KINDS.join(" ");
    throw new HadronError("INVALID_DECLARATION", `"${syntax}": "${wrong}" is no kind of operand; there are ${known}.`);
  }
  if (mnemonics.length === 0 || !mnemonics.every((name) => /^[A-Z]+$/.test(name) && name !== "DB")) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `"${syntax}" is no syntax: write names in capitals, joined by "|" (DB is taken), then operands, as in "MOV R, [N]".`,
    );
  }
  return { mnemonics, operands: operands.filter(isOperandKind) };
}

function isOperandKind(text: string): text is OperandKind {
  return OPERAND_KINDS.some((kind) => kind === text);
}
