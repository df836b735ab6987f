import { createHash, randomFillSync } from "node:crypto";
import type { ErrorCode } from "@hadron/core";
import { ExchangeBuffers } from "../buffers/exchange.ts";
import { GuestError } from "../guest/error.ts";
import { OutOfBounds } from "../guest/memory.ts";
import type {
  AdminWish,
  FromThread,
  GuestInput,
  GuestOutput,
  HostedInput,
  HostedOutput,
  ThreadSetup,
} from "../guest/protocol.ts";
import type { CallWorld } from "./call-world.ts";
import { Guest, Instance, type Outcome } from "./instance.ts";
import { Memories } from "./memories.ts";
import { Log, Output } from "./output.ts";

/** So much of what a program that failed has said is in its error. */
const SHOWN_LOG = 500;
const MILLISECOND = 1_000_000n;

/** What is the same for all calls of a thread. */
export type CallerSetup = Pick<ThreadSetup, "main" | "grants" | "limits" | "isReused">;

/** Calls the module of a thread. */
export class Caller {
  readonly #setup: CallerSetup;
  readonly #ask: CallWorld["ask"];
  readonly #guest: Guest;
  /** For the next call: one that was made ahead, or with `isReused` the one of the call before. */
  #next: Instance | undefined;

  constructor(setup: CallerSetup, ask: CallWorld["ask"]) {
    this.#setup = setup;
    this.#ask = ask;
    this.#guest = new Guest(setup.main, new Memories());
  }

  /** Runs one call, to its output. What fails is an answer. */
  run(input: GuestInput): FromThread {
    const { main, limits } = this.#setup;
    const log = new Log(limits.logBytes);
    try {
      const world = toWorld(this.#setup, input, log, this.#ask);
      const output = input.kind === "hosted" ? this.#runHosted(world, input) : this.#runOwn(world, input);
      return { type: "done", output, log: log.toString() };
    } catch (error) {
      return fail(log, main.label, error);
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
    const given = world.buffers.find(world.buffers.input);
    for (const [name, value] of headers) given?.headers.set(name, value);
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
    bytes: answered(world),
    headers: [...(answer?.headers ?? [])],
    status: answer?.status,
  };
}

function toWorld(
  { grants: granted, limits, main }: CallerSetup,
  input: GuestInput,
  log: Log,
  ask: CallWorld["ask"],
): CallWorld {
  const bytes = input.kind === "numbers" ? new Uint8Array() : input.bytes;
  const grants = input.kind === "hosted" ? { ...granted, args: input.args, env: input.env } : granted;
  const output = new Output(limits.outputBytes);
  const isStreamed = input.kind === "bytes" && input.isStreamed;
  let rest = bytes ?? new Uint8Array();
  let isAtEnd = bytes !== undefined;
  return {
    grants,
    buffers: new ExchangeBuffers(bytes ?? new Uint8Array(), limits),
    output,
    log,
    input: bytes ?? new Uint8Array(),
    readInput: (target) => {
      while (rest.length === 0 && !isAtEnd) {
        const answer = ask({ kind: "input" });
        if (answer.bytes === undefined) isAtEnd = true;
        else rest = answer.bytes;
      }
      const found = rest.subarray(0, target.length);
      target.set(found);
      rest = rest.subarray(found.length);
      return found.length;
    },
    writeOutput: (written) => {
      if (isStreamed) ask({ kind: "output", bytes: written.slice() });
      else output.write(written);
    },
    ask: (question) => {
      if (question.kind.startsWith("kv.") && !grants.kv) {
        throw new GuestError("PERMISSION_DENIED", "it asks for a key-value store, and was granted none: { kv: store }");
      }
      if (question.kind === "admin" && !grants.admin) {
        throw new GuestError(
          "PERMISSION_DENIED",
          `it may not ${WISHES[question.wish.kind]}: that is granted by a platform alone`,
        );
      }
      if (question.kind === "fetch" && !grants.net) {
        throw new GuestError(
          "PERMISSION_DENIED",
          `it asks for ${question.url}, and was granted no address: { net: ["host:port"] }`,
        );
      }
      return ask(question);
    },
    random: grants.random ? (target) => void randomFillSync(target) : sameEachTime(main.label),
    now: (clock) => {
      const now = clock === "realtime" ? BigInt(Date.now()) * MILLISECOND : process.hrtime.bigint();
      return grants.clock ? now : now - (now % MILLISECOND);
    },
  };
}

/** Bytes that look like chance and are the same in each call: a guest's tables want some, and none was granted. */
function sameEachTime(seed: string): (target: Uint8Array) => void {
  let count = 0;
  return (target) => {
    for (let at = 0; at < target.length; at += 32) {
      const bytes = createHash("sha256").update(`${seed} ${count++}`).digest();
      target.set(bytes.subarray(0, target.length - at), at);
    }
  };
}

const WISHES: Readonly<Record<AdminWish["kind"], string>> = {
  digest: "look for modules",
  bytes: "read modules",
  call: "call modules by name",
  status: "ask how the platform does",
  file: "plug files",
};

/** A guest of the guest API answers in its output buffer, or by what it writes. */
function answered({ output, buffers }: CallWorld): Uint8Array {
  const bytes = buffers.find(buffers.output)?.bytes ?? new Uint8Array();
  return bytes.length > 0 ? bytes : output.toBytes();
}

function toOutput(kind: "bytes" | "numbers", world: CallWorld, returned: unknown): GuestOutput {
  if (kind === "numbers") {
    const values = returned === undefined ? [] : Array.isArray(returned) ? returned : [returned];
    return { kind, values };
  }
  return { kind, bytes: answered(world) };
}

function fail(log: Log, label: string, error: unknown): FromThread {
  const said = log.toString();
  const end = said.trim().slice(-SHOWN_LOG);
  const { code, reason } = inWords(error);
  const message = `${label}: ${reason}.${end === "" ? "" : ` It said: ${end}`}`;
  return { type: "failed", failure: { code, message }, log: said };
}

function inWords(error: unknown): { readonly code: ErrorCode; readonly reason: string } {
  if (error instanceof GuestError) return { code: error.code, reason: error.message };
  const code = "HANDLER_FAILED";
  if (error instanceof OutOfBounds) return { code, reason: `it pointed outside of its memory, ${error.message}` };
  if (error instanceof WebAssembly.RuntimeError) return { code, reason: `it trapped: ${error.message}` };
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return { code, reason: "it called itself too deeply: its stack is full" };
  }
  return { code, reason: error instanceof Error ? error.message : String(error) };
}
