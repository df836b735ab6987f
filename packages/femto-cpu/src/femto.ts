import { type Part, service } from "@hadron/core";
import { femtoInstructions } from "./instruction-set/femto.ts";
import type { Instruction } from "./instruction-set/instruction.ts";
import { instructionSet } from "./instruction-set/instruction-set.ts";
import { assembler, lineParser } from "./services/assembler.ts";
import { type CpuOptions, cpu } from "./services/cpu.ts";
import { type ExecutorParts, executor, type FemtoApi } from "./services/executor.ts";
import { type MemoryOptions, programMemory } from "./services/memory.ts";

/**
 * A computer whose every instruction is a service: `memory`, `assembler`, three `line-parser`s, `cpu`, and a node for each
 * instruction. It offers `run` and `assemble`.
 *
 * @example
 * export const femto = service("femto", femtoCpu(), { expose: true });
 * await run(femto);
 */
export function femtoCpu(
  instructions: readonly Instruction[] = femtoInstructions,
  options: MemoryOptions & CpuOptions = {},
): Part<FemtoApi> {
  const set = instructionSet(instructions);
  const memory = service("memory", programMemory(options));
  const parser = service("line-parser", lineParser(set), { replicas: 3 });
  const parts: ExecutorParts = {
    set,
    memory,
    assembler: service("assembler", assembler(parser)),
    cpu: service("cpu", cpu(set, memory, options)),
  };
  return executor(parts);
}
