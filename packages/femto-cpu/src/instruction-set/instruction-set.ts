import { HadronError } from "@hadron/core";
import type { Instruction } from "./instruction.ts";

/** Instructions, found by what a program says. */
export interface InstructionSet {
  readonly instructions: readonly Instruction[];
  /** At each opcode its instruction. */
  readonly byOpcode: readonly (Instruction | undefined)[];
  /** For each name, in capitals, its forms in the order of declaration. */
  readonly byMnemonic: ReadonlyMap<string, readonly Instruction[]>;
}

/**
 * Makes a set of instructions. INVALID_DECLARATION if two have one opcode, one node, or one name with the same operands.
 *
 * @example
 * const extended = instructionSet([...femtoInstructions, swap]);
 */
export function instructionSet(instructions: readonly Instruction[]): InstructionSet {
  const byOpcode: (Instruction | undefined)[] = new Array(256).fill(undefined);
  const byNode = new Map<string, Instruction>();
  const byMnemonic = new Map<string, Instruction[]>();
  for (const instruction of instructions) {
    const { opcode, node, mnemonics, operands } = instruction;
    refuseTwo(`opcode ${opcode}`, byOpcode[opcode], instruction);
    refuseTwo(`node "${node}"`, byNode.get(node), instruction);
    byOpcode[opcode] = instruction;
    byNode.set(node, instruction);
    for (const mnemonic of mnemonics) {
      const forms = byMnemonic.get(mnemonic) ?? [];
      const same = forms.find((form) => form.operands.join() === operands.join());
      refuseTwo(`form "${[mnemonic, operands.join(", ")].join(" ").trim()}"`, same, instruction);
      byMnemonic.set(mnemonic, [...forms, instruction]);
    }
  }
  return { instructions, byOpcode, byMnemonic };
}

function refuseTwo(what: string, earlier: Instruction | undefined, later: Instruction): void {
  if (earlier === undefined) return;
  throw new HadronError(
    "INVALID_DECLARATION",
    `The ${what} is taken by "${earlier.syntax}"; give "${later.syntax}" another.`,
  );
}
