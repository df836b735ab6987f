import { GuestError } from "../guest/error.ts";
import type {
  GuestEnd,
  GuestInput,
  GuestOutput,
  HostedInput,
  HostedOutput,
  ModuleSetup,
  ThreadSetup,
} from "../guest/protocol.ts";
import { CallWorld, type Ground } from "./call-world.ts";
import { fail } from "./fail.ts";
import { Guest, Instance, type Outcome } from "./instance.ts";
import { Memories } from "./memories.ts";

/** What is the same for all calls of a thread. */
export type CallerSetup = Pick<ThreadSetup, "grants" | "limits" | "isReused"> & { readonly main: ModuleSetup };

/** Calls the module of a thread. */
export class Caller {
  readonly #setup: CallerSetup;
  readonly #ground: Ground;
  readonly #guest: Guest;
  /** For the next call: one that was made ahead, or with `isReused` the one of the call before. */
  #next: Instance | undefined;

  constructor(setup: CallerSetup, ask: Ground["ask"]) {
    this.#setup = setup;
    this.#ground = { label: setup.main.label, grants: setup.grants, limits: setup.limits, ask };
    this.#guest = new Guest(setup.main, new Memories());
  }

  /** Runs one call, to its output. What fails is an answer. */
  run(input: GuestInput): GuestEnd {
    const world = new CallWorld(this.#ground, input);
    try {
      const output = input.kind === "hosted" ? this.#runHosted(world, input) : this.#runOwn(world, input);
      return { type: "done", output, log: world.log.toString() };
    } catch (error) {
      return fail(world.log, this.#setup.main.label, error);
    }
  }

  /** Makes an instance for the next call while there is none under way, so that it need not wait for that. */
  prepare(): void {
    const { main } = this.#setup;
    // What runs by itself does so within a call, and its limits.
    if (this.#next !== undefined || main.hasStart) return;
    try {
      this.#next = new Instance(this.#guest);
    } catch {
      // The call that makes one itself fails with the reason.
    }
  }

  #runOwn(world: CallWorld, input: Exclude<GuestInput, HostedInput>): GuestOutput {
    const { start, kind } = this.#setup.main.entryPoint;
    const outcome = this.#call(world, start, input.kind === "numbers" ? input.values : []);
    if ("status" in outcome && outcome.status !== 0) {
      throw new GuestError("HANDLER_FAILED", `it ended with exit status ${outcome.status}`);
    }
    return toOutput(kind, world, "status" in outcome ? undefined : outcome.returned);
  }

  /** A hosted module's exit status is a part of its answer, as are status and headers. */
  #runHosted(world: CallWorld, { start, values, headers }: HostedInput): HostedOutput {
    if (headers.length > 0) {
      const given = world.buffers.find(world.buffers.input);
      for (const [name, value] of headers) given?.headers.set(name, value);
    }
    return toHostedOutput(world, this.#call(world, start, values));
  }

  #call(world: CallWorld, start: string, values: readonly (number | bigint)[]): Outcome {
    const { isReused } = this.#setup;
    const instance = this.#next ?? new Instance(this.#guest, world);
    this.#next = undefined;
    let isWhole = false;
    try {
      const outcome = instance.call(world, start, values);
      isWhole = "returned" in outcome;
      return outcome;
    } finally {
      // Where a call was broken off, what is left of it is in no state that anybody meant.
      if (isReused && isWhole) this.#next = instance;
      else instance.leave();
    }
  }
}

function toHostedOutput(world: CallWorld, outcome: Outcome): HostedOutput {
  const returned = "status" in outcome ? outcome.status : outcome.returned;
  const result = typeof returned === "number" || typeof returned === "bigint" ? returned : 0;
  const answer = world.buffers.find(world.buffers.output);
  return {
    kind: "hosted",
    result,
    bytes: world.answer,
    headers: [...(answer?.headers ?? [])],
    status: answer?.status,
  };
}

function toOutput(kind: "bytes" | "numbers", world: CallWorld, returned: unknown): GuestOutput {
  if (kind === "numbers") {
    const values = returned === undefined ? [] : Array.isArray(returned) ? returned : [returned];
    return { kind, values };
  }
  return { kind, bytes: world.answer };
}
