import { AsyncLocalStorage } from "node:async_hooks";
import type { Context, Part, PartOf } from "@hadron/core";
import { isHadronError, procedure } from "@hadron/core";
import { child, pattern } from "@hadron/core/spi";
import type { Program } from "../assembler/put-together.ts";
import type { InstructionSet } from "../instruction-set/instruction-set.ts";
import { OUTPUT_START, START, type State } from "../machine/state.ts";
import type { Job, Progress } from "./cpu.ts";
import { type MemoryApi, MemoryClient } from "./memory.ts";
import { repeated } from "./repeated.ts";
import {
  assembleInput,
  DEFAULT_MAX_STEPS,
  type Registers,
  type RunInput,
  runInput,
  type Snapshot,
} from "./run-input.ts";

/** How a run ended, or how far it came. */
export interface RunResult {
  readonly state: "halted" | "faulted" | "running";
  readonly fault: string | null;
  /** The last 24 bytes of the memory. */
  readonly output: readonly number[];
  readonly registers: Registers;
  readonly flags: { readonly zero: boolean; readonly carry: boolean };
  readonly steps: number;
  /** All 256 bytes, where `detail` was asked for. */
  readonly memory?: readonly number[];
  /** The node of the next step, where `detail` was asked for; null if there is none. */
  readonly next?: string | null;
}

/** What the exposed service offers. */
export type FemtoApi = {
  readonly run: (input: RunInput, context: Context) => Promise<RunResult>;
  readonly assemble: (input: { readonly source: string }, context: Context) => Promise<Program>;
};

export interface ExecutorParts {
  readonly set: InstructionSet;
  readonly assembler: PartOf<(source: string, context: Context) => Promise<Program>>;
  readonly cpu: PartOf<(job: Job, context: Context) => Promise<Progress>>;
  readonly memory: PartOf<MemoryApi>;
}

/** How long a call is tried again that may be. */
const REPEAT_MS = 15_000;
/** A run whose cpu died is begun again, so many times in all. */
const TRIES = 3;

/**
 * Assembles programs and runs them, each in memory of its own that is given back when the run ends, however it ends.
 *
 * The registers live and die with the cpu, the bytes with the memory. A run that lost its cpu is begun again, from its
 * first step and in new memory: nobody has seen anything of it yet. One that lost its memory ends in an error that says so.
 */
export function executor(parts: ExecutorParts): Part<FemtoApi> {
  const { set, assembler, cpu, memory } = parts;
  return pattern({
    name: "executor",
    children: { assembler: child(assembler), cpu: child(cpu), memory: child(memory, { sharded: true }) },
    root: ({ assembler, cpu, memory }): FemtoApi => {
      const bytesOf = new MemoryClient(memory);
      // Outside of any call: one that was cancelled could not give its memory back.
      const outside = AsyncLocalStorage.snapshot();
      const free = (program: string, log: Context["log"]): void => {
        outside(() => bytesOf.free(program)).catch((error: unknown) => {
          // Nothing is lost: memory that nobody touches is given up in a while.
          log.debug("Memory was not given back", { program, error: String(error) });
        });
      };
      const assemble = (source: string, signal: AbortSignal) =>
        repeated(() => assembler.client(source), { forMs: REPEAT_MS, signal });

      const attempt = async (from: Snapshot, maxSteps: number, { signal, log }: Context) => {
        const again = { forMs: REPEAT_MS, signal };
        const program = await repeated(() => bytesOf.allocate(from.memory), again);
        try {
          const { IP, ...registers } = from.registers;
          const state: State = { ...registers, IP, ...from.flags };
          // Once it has begun, only all of the run can be done again: what it has stored, it has stored.
          const when = (error: unknown) => isRefusalOf(cpu.service, error);
          const waiting = { forMs: Number.POSITIVE_INFINITY, signal, when };
          const progress = await repeated(() => cpu.client({ program, state, maxSteps }), waiting);
          return { progress, bytes: await repeated(() => bytesOf.read(program), again) };
        } finally {
          free(program, log);
        }
      };

      return {
        run: procedure({ input: runInput, description: "Runs a program in assembly." }, async (input, context) => {
          const { source = "", maxSteps = DEFAULT_MAX_STEPS, detail = false } = input;
          const from = input.from ?? toStart((await assemble(source, context.signal)).bytes);
          for (let tried = 1; ; tried++) {
            try {
              const { progress, bytes } = await attempt(from, maxSteps, context);
              return toResult(set, progress, bytes, detail);
            } catch (error) {
              if (tried >= TRIES || context.signal.aborted || !isDeathOf(cpu.service, error)) throw error;
              context.log.warn("The cpu died; the run begins again", { tried, error: String(error) });
            }
          }
        }),
        assemble: procedure(
          { input: assembleInput, idempotent: true, description: "Assembles a program." },
          ({ source }, { signal }) => assemble(source, signal),
        ),
      };
    },
  });
}

/** Whether what failed is a replica of this service itself, and not something below it. */
function isDeathOf(service: string, error: unknown): boolean {
  return isHadronError(error) && error.code === "UNAVAILABLE" && (error.path.at(-1) ?? "").startsWith(`${service}.`);
}

/** Whether a service had too much work to begin with a call. */
function isRefusalOf(service: string, error: unknown): boolean {
  if (!isHadronError(error) || error.code !== "OVERLOADED") return false;
  const last = error.path.at(-1) ?? "";
  return last === service || last.startsWith(`${service}.`);
}

function toStart(memory: readonly number[]): Snapshot {
  const { zero, carry, ...registers } = START;
  return { memory, registers, flags: { zero, carry } };
}

function toResult(set: InstructionSet, progress: Progress, memory: readonly number[], detail: boolean): RunResult {
  const { ended, fault, steps } = progress;
  const { A, B, C, D, SP, IP, zero, carry } = progress.state;
  return {
    state: ended,
    fault,
    output: memory.slice(OUTPUT_START),
    registers: { A, B, C, D, SP, IP },
    flags: { zero, carry },
    steps,
    ...(detail ? { memory, next: ended === "running" ? (set.byOpcode[memory[IP] ?? -1]?.node ?? null) : null } : {}),
  };
}
