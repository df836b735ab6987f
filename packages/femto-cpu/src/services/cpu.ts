import type { Context, Part, PartOf } from "@hadron/core";
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

/** How a {@link cpu} is made. */
export interface CpuOptions {
  /** Makes the node of an instruction, where it should be another than {@link instructionNode}. */
  readonly node?: (instruction: Instruction) => PartOf<InstructionHandler>;
  /** How long a step is tried again whose node, or memory, is away. @default 15 000 */
  readonly repeatMs?: number;
}

/** Nodes are many and small. */
const NODE = { capacity: { memoryMiB: 128 } } as const;
/** Well within the time after which the memory gives up a program that nobody touches. */
const RENEW_MS = 15_000;

/**
 * The CPU as a pattern: a root that steps through programs, and a service for each instruction, named as its node.
 *
 * A step is sent to its node with the whole machine: the cpu drives the program alone, and keeps a copy of its memory, so
 * that nobody has to ask for a byte. What the step stores, the cpu sends to the memory while the next step is at its node,
 * as a processor with a store buffer does. Stores keep their order, one at a time. A step is over when its bytes are in the
 * memory: no result is given before.
 *
 * @example
 * const processor = service("cpu", cpu(instructionSet([...femtoInstructions, swap]), memory));
 */
export function cpu(
  set: InstructionSet,
  memory: PartOf<MemoryApi>,
  options: CpuOptions = {},
): Part<(job: Job, context: Context) => Promise<Progress>> {
  const { node = instructionNode, repeatMs = 15_000 } = options;
  const nodes: Record<string, Child<InstructionHandler>> = Object.fromEntries(
    set.instructions.map((instruction) => [
      instruction.node,
      child(service(instruction.node, node(instruction), NODE)),
    ]),
  );
  return pattern({
    name: "cpu",
    children: { ...nodes, memory: child(memory, { sharded: true }) } as Record<string, Child<any>>,
    root: (clients) => {
      const bytesOf = new MemoryClient(clients.memory!);
      // By opcode, found once: this is looked up in every step.
      const steppers = set.byOpcode.map(
        (instruction) => instruction && { instruction, call: toCaller(clients[instruction.node]!) },
      );
      return async ({ program, state: start, maxSteps }: Job, { signal }: Context): Promise<Progress> => {
        const again = { forMs: repeatMs, signal };
        const copy = Uint8Array.from(await repeated(() => bytesOf.read(program), again));
        let state = start;
        let steps = 0;
        let renewAt = performance.now() + RENEW_MS;
        let storing: Promise<unknown> | undefined;
        const end = async (ended: Progress["ended"], fault: string | null = null): Promise<Progress> => {
          await storing;
          return { ended, fault, state, steps };
        };
        while (steps < maxSteps) {
          if (state.IP >= MEMORY_BYTES) return end("faulted", FAULTS.pastMemory);
          const opcode = copy[state.IP] ?? 0;
          const stepper = steppers[opcode];
          if (stepper === undefined) return end("faulted", FAULTS.invalidOpcode(opcode));
          const { instruction, call } = stepper;
          const step = steps + 1;
          const told = inStep(step, state.IP, instruction);
          const request = toRequest(state, copy);
          let reply: StepReply;
          try {
            reply = await call(request);
          } catch (error) {
            if (signal.aborted) throw error;
            reply = await repeated(() => call(request), again).catch(told);
          }
          if (typeof reply === "string") return end("faulted", reply);
          if (reply.length > REPLY_HEAD) {
            const stores = reply.slice(REPLY_HEAD) as number[];
            await storing;
            storing = repeated(() => bytesOf.store(program, step, stores), again).catch(told);
            // Told at the next store, or at the end.
            storing.catch(() => {});
            for (let i = 0; i < stores.length; i += 2) copy[stores[i]!] = stores[i + 1]!;
          }
          state = toStateAfter(reply);
          steps = step;
          if (isHalted(reply)) return end("halted");
          if (performance.now() >= renewAt) {
            renewAt = performance.now() + RENEW_MS;
            await repeated(() => bytesOf.read(program), again);
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
function inStep(step: number, address: number, { syntax }: Instruction): (error: unknown) => never {
  return (error) => {
    if (!isHadronError(error)) throw error;
    const { code, path, retryable } = error;
    const text = `Step ${step} (${syntax} at ${address}): ${error.message}`;
    throw new HadronError(code, text, { cause: error, path, retryable });
  };
}
