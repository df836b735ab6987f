import type { Context, Leaf, Part } from "@hadron/core";
import { HadronError, isHadronError, service } from "@hadron/core";
import { type Child, type ChildClient, child, pattern } from "@hadron/core/spi";
import type { Instruction } from "../instruction-set/instruction.ts";
import type { InstructionSet } from "../instruction-set/instruction-set.ts";
import { FAULTS, MEMORY_BYTES, type State } from "../machine/state.ts";
import { isHalted, REPLY_HEAD, type StepReply, toRequest, toStateAfter } from "./frames.ts";
import { type MemoryApi, MemoryClient } from "./memory.ts";
import { type InstructionHandler, instructionNode } from "./node.ts";
import { repeated } from "./repeated.ts";

/** A program to run: its memory, and the machine as it is. */
export interface Job {
  readonly program: string;
  readonly state: State;
  /** Steps after which it stops, wherever it is. */
  readonly maxSteps: number;
}

/** How far it came. */
export interface Progress {
  readonly ended: "halted" | "faulted" | "running";
  readonly fault: string | null;
  readonly state: State;
  readonly steps: number;
}

export interface CpuOptions {
  /** Makes the node of an instruction, where it should be another than {@link instructionNode}. */
  readonly node?: (instruction: Instruction, memory: Leaf<MemoryApi>) => Leaf<InstructionHandler>;
  /** How long a step is tried again whose node, or memory, is away. @default 15 000 */
  readonly repeatMs?: number;
}

/** Nodes are many and small. */
const NODE = { resources: { memoryMiB: 128 } } as const;
/** Well within the time after which the memory gives up a program that nobody touches. */
const RENEW_MS = 15_000;

/**
 * The CPU as a pattern: a root that steps through programs, and a service for each instruction, named as its node.
 *
 * A step is sent to its node with the bytes behind the opcode. The cpu keeps a copy of the program to find them without a
 * trip to the memory; it alone drives the program, and nodes tell it what they stored, so that the copy is always right.
 *
 * @example
 * const processor = service("cpu", cpu(instructionSet([...femtoInstructions, swap]), memory));
 */
export function cpu(
  set: InstructionSet,
  memory: Leaf<MemoryApi>,
  options: CpuOptions = {},
): Part<(job: Job, context: Context) => Promise<Progress>> {
  const { node = instructionNode, repeatMs = 15_000 } = options;
  const nodes: Record<string, Child<InstructionHandler>> = Object.fromEntries(
    set.instructions.map((one) => [one.node, child(service(one.node, node(one, memory), NODE))]),
  );
  return pattern({
    name: "cpu",
    children: { ...nodes, memory: child(memory, { sharded: true }) } as Record<string, Child<any>>,
    root: (clients) => {
      const bytesOf = new MemoryClient(clients.memory!);
      // By opcode, found once: this is looked up in every step.
      const steppers = set.byOpcode.map((one) => one && { instruction: one, call: toCaller(clients[one.node]!) });
      return async ({ program, state: start, maxSteps }: Job, { signal }: Context): Promise<Progress> => {
        const again = { forMs: repeatMs, signal };
        const copy = await repeated(() => bytesOf.read(program), again);
        let state = start;
        let steps = 0;
        let renewAt = performance.now() + RENEW_MS;
        const end = (ended: Progress["ended"], fault: string | null = null) => ({ ended, fault, state, steps });
        while (steps < maxSteps) {
          if (state.IP >= MEMORY_BYTES) return end("faulted", FAULTS.pastMemory);
          const opcode = copy[state.IP]!;
          const stepper = steppers[opcode];
          if (stepper === undefined) return end("faulted", FAULTS.invalidOpcode(opcode));
          const { instruction, call } = stepper;
          const request = toRequest(program, steps + 1, state, copy, instruction.operands.length);
          let reply: StepReply;
          try {
            reply = await call(request);
          } catch (error) {
            if (signal.aborted) throw error;
            reply = await repeated(() => call(request), again).catch((last: unknown) => {
              throw inStep(last, steps + 1, state.IP, instruction);
            });
          }
          if (typeof reply === "string") return end("faulted", reply);
          for (let i = REPLY_HEAD; i < reply.length; i += 2) copy[reply[i]!] = reply[i + 1]!;
          state = toStateAfter(reply);
          steps += 1;
          if (isHalted(reply)) return end("halted");
          if (performance.now() >= renewAt) {
            renewAt = performance.now() + RENEW_MS;
            await repeated(() => bytesOf.load(program, steps, []), again);
          }
        }
        return end("running");
      };
    },
  });
}

function toCaller(node: ChildClient<InstructionHandler>): (request: unknown) => Promise<StepReply> {
  const procedure = node.procedures[0]!.name;
  return (request) => node.call(procedure, request) as Promise<StepReply>;
}

/** Says where in the program it was; what died is in the message already. */
function inStep(error: unknown, step: number, address: number, { syntax }: Instruction): unknown {
  if (!isHadronError(error)) return error;
  const { code, path, retryable } = error;
  return new HadronError(code, `Step ${step} (${syntax} at ${address}): ${error.message}`, {
    cause: error,
    path,
    retryable,
  });
}
