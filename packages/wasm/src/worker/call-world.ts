import { createHash, randomFillSync } from "node:crypto";
import { ExchangeBuffers } from "../buffers/exchange.ts";
import { GuestError } from "../guest/error.ts";
import { Log, Output } from "../guest/output.ts";
import type { AdminWish, Answer, GuestGrants, GuestInput, GuestLimits, Question } from "../guest/protocol.ts";

const MILLISECOND = 1_000_000n;
const NOTHING = new Uint8Array();

/** What is the same for the worlds of all calls of a thread. */
export interface Ground {
  /** How messages name the module. */
  readonly label: string;
  readonly grants: GuestGrants;
  readonly limits: GuestLimits;
  /** Stands still until the replica answers. Throws {@link GuestError} where that is a failure. */
  ask(question: Question): Answer & { readonly ok: true };
}

/** What all the modules of one call share. Made anew for each, so that it makes nothing before somebody wants it. */
export class CallWorld {
  readonly grants: GuestGrants;
  /** The whole input, where it is known. */
  readonly input: Uint8Array;
  readonly log: Log;
  readonly output: Output;
  readonly #ground: Ground;
  readonly #isStreamed: boolean;
  /** Of the input, what was not read yet. */
  #rest: Uint8Array;
  #isAtEnd: boolean;
  #buffers: ExchangeBuffers | undefined;
  /** Blocks of what looks like chance, so far. */
  #drawn = 0;

  constructor(ground: Ground, input: GuestInput) {
    const bytes = bytesOf(input);
    this.grants = input.kind === "hosted" ? { ...ground.grants, args: input.args, env: input.env } : ground.grants;
    this.input = bytes ?? NOTHING;
    this.log = new Log(ground.limits.logBytes);
    this.output = new Output(ground.limits.outputBytes);
    this.#ground = ground;
    this.#isStreamed = input.kind === "bytes" && input.isStreamed;
    this.#rest = this.input;
    this.#isAtEnd = bytes !== undefined;
  }

  get buffers(): ExchangeBuffers {
    this.#buffers ??= new ExchangeBuffers(this.input, this.#ground.limits);
    return this.#buffers;
  }

  /** What one call may give. */
  get outputBytes(): number {
    return this.#ground.limits.outputBytes;
  }

  /** What it answered: a guest of the guest API in its output buffer, or else by what it wrote. */
  get answer(): Uint8Array {
    const bytes = this.#buffers?.find(this.#buffers.output)?.bytes ?? NOTHING;
    return bytes.length > 0 ? bytes : this.output.toBytes();
  }

  /** Fills `target` from the input; 0: that is its end. */
  readInput(target: Uint8Array): number {
    while (this.#rest.length === 0 && !this.#isAtEnd) {
      const answer = this.#ground.ask({ kind: "input" });
      if (answer.bytes === undefined) this.#isAtEnd = true;
      else this.#rest = answer.bytes;
    }
    const found = this.#rest.subarray(0, target.length);
    target.set(found);
    this.#rest = this.#rest.subarray(found.length);
    return found.length;
  }

  writeOutput(bytes: Uint8Array): void {
    if (this.#isStreamed) this.#ground.ask({ kind: "output", bytes: bytes.slice() });
    else this.output.write(bytes);
  }

  /** Throws {@link GuestError} where it was not granted, or fails. */
  ask(question: Question): Answer & { readonly ok: true } {
    const refused = this.#refusal(question);
    if (refused !== undefined) throw new GuestError("PERMISSION_DENIED", refused);
    return this.#ground.ask(question);
  }

  random(target: Uint8Array): void {
    if (this.grants.random) randomFillSync(target);
    else this.#drawSame(target);
  }

  now(clock: "realtime" | "monotonic"): bigint {
    const now = clock === "realtime" ? BigInt(Date.now()) * MILLISECOND : process.hrtime.bigint();
    return this.grants.clock ? now : now - (now % MILLISECOND);
  }

  #refusal(question: Question): string | undefined {
    const { admin, kv, net } = this.grants;
    if (question.kind.startsWith("kv.") && !kv) {
      return "it asks for a key-value store, and was granted none: { kv: store }";
    }
    if (question.kind === "admin" && !admin) {
      return `it may not ${WISHES[question.wish.kind]}: that is granted by a platform alone`;
    }
    return question.kind === "fetch" && !net
      ? `it asks for ${question.url}, and was granted no address: { net: ["host:port"] }`
      : undefined;
  }

  /** Bytes that look like chance and are the same in each call: a guest's tables want some, and none was granted. */
  #drawSame(target: Uint8Array): void {
    for (let at = 0; at < target.length; at += 32) {
      const bytes = createHash("sha256")
        .update(`${this.#ground.label} ${this.#drawn++}`)
        .digest();
      target.set(bytes.subarray(0, target.length - at), at);
    }
  }
}

/** Undefined: they are asked for as they are read. */
function bytesOf(input: GuestInput): Uint8Array | undefined {
  switch (input.kind) {
    case "bytes":
    case "hosted":
      return input.bytes;
    case "request":
      return input.request.body;
    case "numbers":
    case "values":
      return NOTHING;
  }
}

const WISHES: Readonly<Record<AdminWish["kind"], string>> = {
  digest: "look for modules",
  bytes: "read modules",
  call: "call modules by name",
  status: "ask how the platform does",
  file: "plug files",
};
