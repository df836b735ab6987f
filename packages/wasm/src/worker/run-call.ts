import { createHash, randomFillSync } from "node:crypto";
import type { ErrorCode } from "@hadron/core";
import { ExchangeBuffers } from "../buffers/exchange.ts";
import { GuestError } from "../guest/error.ts";
import { OutOfBounds } from "../guest/memory.ts";
import type {
  AdminWish,
  Answer,
  FromThread,
  GuestInput,
  GuestOutput,
  HostedInput,
  HostedOutput,
  ModuleSetup,
  Question,
  ThreadSetup,
} from "../guest/protocol.ts";
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
    if (input.kind === "hosted") return { type: "done", output: runHosted(main, world, input), log: log.toString() };
    const values = input.kind === "numbers" ? input.values : [];
    const outcome = new Instance(main, world).call(main.entryPoint.start, values);
    if ("status" in outcome && outcome.status !== 0) return fail(log, main.label, exitStatus(outcome.status));
    const returned = "status" in outcome ? undefined : outcome.returned;
    return { type: "done", output: toOutput(main.entryPoint.kind, world, returned), log: log.toString() };
  } catch (error) {
    return fail(log, main.label, error);
  }
}

/** A hosted module's exit status is a part of its answer, as are status and headers. */
function runHosted(main: ModuleSetup, world: CallWorld, { start, values, headers }: HostedInput): HostedOutput {
  const given = world.buffers.find(world.buffers.input);
  for (const [name, value] of headers) given?.headers.set(name, value);
  const outcome = new Instance(main, world).call(start, values);
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
  { grants: granted, limits, main }: Pick<ThreadSetup, "main" | "grants" | "limits">,
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
