import { createHash, randomFillSync } from "node:crypto";
import type { ErrorCode } from "@hadron/core";
import { ExchangeBuffers } from "../buffers/exchange.ts";
import { GuestError } from "../guest/error.ts";
import { OutOfBounds } from "../guest/memory.ts";
import type { Answer, FromThread, GuestInput, GuestOutput, Question, ThreadSetup } from "../guest/protocol.ts";
import { type CallWorld, Instance } from "./instance.ts";
import { Log, Output } from "./output.ts";

/** So much of what a program that failed has said is in its error. */
const SHOWN_LOG = 500;
const MILLISECOND = 1_000_000n;

/** Runs one call in this thread, from a fresh instance to its output. What fails is an answer. */
export function runCall(
  setup: Pick<ThreadSetup, "main" | "grants" | "limits">,
  input: GuestInput,
  ask: (question: Question) => Answer & { readonly ok: true },
): FromThread {
  const { main, limits } = setup;
  const log = new Log(limits.logBytes);
  try {
    const world = toWorld(setup, input, log, ask);
    const values = input.kind === "numbers" ? input.values : [];
    const outcome = new Instance(main, world).call(main.entryPoint.start, values);
    if ("status" in outcome && outcome.status !== 0) return fail(log, main.label, exitStatus(outcome.status));
    const returned = "status" in outcome ? undefined : outcome.returned;
    return { type: "done", output: toOutput(main.entryPoint.kind, world, returned), log: log.toString() };
  } catch (error) {
    return fail(log, main.label, error);
  }
}

function toWorld(
  { grants, limits, main }: Pick<ThreadSetup, "main" | "grants" | "limits">,
  input: GuestInput,
  log: Log,
  ask: CallWorld["ask"],
): CallWorld {
  const bytes = input.kind === "bytes" ? input.bytes : new Uint8Array();
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

/** A guest of the guest API answers in its output buffer, or by what it writes. */
function toOutput(kind: "bytes" | "numbers", world: CallWorld, returned: unknown): GuestOutput {
  if (kind === "numbers") {
    const values = returned === undefined ? [] : Array.isArray(returned) ? returned : [returned];
    return { kind, values };
  }
  const written = world.output.toBytes();
  const answered = world.buffers.find(world.buffers.output)?.bytes ?? new Uint8Array();
  return { kind, bytes: answered.length > 0 ? answered : written };
}

function exitStatus(status: number): GuestError {
  return new GuestError("HANDLER_FAILED", `it ended with exit status ${status}`);
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
