import type { Leaf, Part } from "@hadron/core";
import { procedure } from "@hadron/core";
import { child, pattern } from "@hadron/core/spi";
import type { Instruction } from "../instruction-set/instruction.ts";
import { beginStep, type Done, type Faulted, finishStep } from "../machine/step.ts";
import { REQUEST_HEAD, type StepReply, type StepRequest, toReply, toState } from "./frames.ts";
import { type MemoryApi, MemoryClient } from "./memory.ts";

/** What the cpu calls: takes one step of one program. It may be asked for the same step again. */
export type InstructionHandler = (request: StepRequest) => StepReply | Promise<StepReply>;

/**
 * The node of one instruction: reads its operands, loads what they point at, does what the instruction means, stores.
 * When it answers, every byte is in the memory.
 */
export function instructionNode(instruction: Instruction, memory: Leaf<MemoryApi>): Part<InstructionHandler> {
  return pattern({
    name: "instruction",
    children: { memory: child(memory, { sharded: true }) },
    root: ({ memory }): InstructionHandler => {
      const bytesOf = new MemoryClient(memory);

      // The memory sees to it that a step which is taken again finds what it found at first: see ProgramStore.
      const options = { idempotent: true, description: `${instruction.syntax}: ${instruction.does}` } as const;
      return procedure(options, (request: StepRequest) => {
        const program = request[0];
        const step = request[1];
        const begun = beginStep(instruction, toState(request), request, REQUEST_HEAD);
        if (begun.fault !== undefined) return begun.fault;
        const end = (outcome: Done | Faulted): StepReply | Promise<StepReply> => {
          if (outcome.fault !== undefined) return outcome.fault;
          const reply = toReply(outcome.state, outcome.stores, outcome.halted);
          if (outcome.stores.length === 0) return reply;
          return bytesOf.store(program, step, outcome.stores).then(() => reply);
        };
        // Not async: a step that needs no memory is over at once.
        if (begun.loads.length === 0) return end(finishStep(begun, []));
        return bytesOf.load(program, step, begun.loads).then((loaded) => end(finishStep(begun, loaded)));
      });
    },
  });
}
