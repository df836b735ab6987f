import type { InstructionSet } from "../../src/instruction-set/instruction-set.ts";
import { FAULTS, START, type State } from "../../src/machine/state.ts";
import { beginStep, finishStep } from "../../src/machine/step.ts";
import type { Outcome } from "../reference/interpreter.ts";

/** Runs a program with the code of the nodes, and nothing of what distributes it. */
export function runLocally(set: InstructionSet, program: readonly number[], maxSteps = 100_000): Outcome {
  const memory = [...program, ...new Array<number>(256 - program.length).fill(0)];
  let state: State = START;
  let steps = 0;
  const end = (how: Outcome["state"], fault: string | null): Outcome => {
    const { zero, carry, ...registers } = state;
    return { state: how, fault, registers, flags: { zero, carry }, memory, steps };
  };
  while (steps < maxSteps) {
    if (state.IP > 255) return end("faulted", FAULTS.pastMemory);
    const opcode = memory[state.IP]!;
    const instruction = set.byOpcode[opcode];
    if (instruction === undefined) return end("faulted", FAULTS.invalidOpcode(opcode));
    const bytes = memory.slice(state.IP + 1, state.IP + 1 + instruction.operands.length);
    const begun = beginStep(instruction, state, bytes);
    if (begun.fault !== undefined) return end("faulted", begun.fault);
    const done = finishStep(
      begun,
      begun.loads.map((address) => memory[address]!),
    );
    if (done.fault !== undefined) return end("faulted", done.fault);
    for (let i = 0; i < done.stores.length; i += 2) memory[done.stores[i]!] = done.stores[i + 1]!;
    state = done.state;
    steps += 1;
    if (done.halted) return end("halted", null);
  }
  return end("running", null);
}
