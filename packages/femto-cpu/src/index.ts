/** The femto CPU: a CPU as a pattern, each instruction a service. */
export { assemble } from "./assembler/assemble.ts";
export type { Program } from "./assembler/put-together.ts";
export { femtoCpu } from "./femto.ts";
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
export { assembler, lineParser } from "./services/assembler.ts";
export { type CpuOptions, cpu, type Job, type Progress } from "./services/cpu.ts";
export { executor, type FemtoApi, type RunResult } from "./services/executor.ts";
export { type MemoryApi, type MemoryOptions, programMemory } from "./services/memory.ts";
export { type InstructionHandler, instructionNode } from "./services/node.ts";
export type { RunInput, Snapshot } from "./services/run-input.ts";
