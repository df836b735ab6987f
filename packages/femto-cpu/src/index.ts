/** The femto CPU: a CPU as a pattern, each instruction a service. */
export { assemble } from "./assembler/assemble.ts";
export type { Program } from "./assembler/put-together.ts";
export { femtoInstructions, type Mnemonic, type NodeName } from "./instruction-set/femto.ts";
export {
  type Effects,
  type Instruction,
  type InstructionSpec,
  instruction,
  type Machine,
  type OperandKind,
  type Values,
} from "./instruction-set/instruction.ts";
export { type InstructionSet, instructionSet } from "./instruction-set/instruction-set.ts";
export { FAULTS, MEMORY_BYTES, OUTPUT_START, REGISTERS, STACK_START, START, type State } from "./machine/state.ts";
