import type { PartOf } from "@hadron/core";
import { procedure } from "@hadron/core";
import type { Instruction } from "../instruction-set/instruction.ts";
import { beginStep, finishStep } from "../machine/step.ts";
import { REQUEST_MEMORY, type StepReply, type StepRequest, toReply, toState } from "./frames.ts";

/** What the cpu calls: takes one step of one program. It may be asked for the same step again. */
export type InstructionHandler = (request: StepRequest) => StepReply | Promise<StepReply>;

/**
 * The node of one instruction: reads its operands, and what they point at, in the memory that the step came with, and does
 * what the instruction means. Answers with the machine after the step, and what is to be stored.
 */
export function instructionNode(instruction: Instruction): PartOf<InstructionHandler> {
  const options = { idempotent: true, description: `${instruction.syntax}: ${instruction.does}` } as const;
  return procedure(options, (request: StepRequest): StepReply => {
    const memory = request[REQUEST_MEMORY];
    const state = toState(request);
    const begun = beginStep(instruction, state, memory, state.IP + 1);
    if (begun.fault !== undefined) return begun.fault;
    const done = finishStep(
      begun,
      begun.loads.map((address) => memory[address]!),
    );
    return done.fault ?? toReply(done.state, done.stores, done.halted);
  });
}
