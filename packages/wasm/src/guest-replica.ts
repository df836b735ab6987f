import { realpathSync } from "node:fs";
import { type Context, HadronError } from "@hadron/core";
import { type DeclaredModule, declarationOf, type GuestStore } from "./declared.ts";
import { fromBytes, toBytes } from "./forms.ts";
import type { GuestInput, GuestLimits, ModuleSetup, ThreadSetup } from "./guest/protocol.ts";
import { isKnown } from "./module/known.ts";
import { fetchGranted } from "./net.ts";
import { toParameters, toResult } from "./numbers.ts";
import type { Answering } from "./pool/guest-thread.ts";
import { ThreadPool } from "./pool/thread-pool.ts";
import type { Waiting } from "./pool/watch.ts";
import { Stream } from "./stream.ts";

/** Of what a guest says, so much is logged and shown. */
const LOG_BYTES = 64 * 1024;
const BUFFERS = 1024;

/** A module in one replica: its threads, and what its guests may ask for. */
export class GuestReplica {
  readonly #declared: DeclaredModule;
  #pool: ThreadPool | undefined;

  constructor(declared: DeclaredModule) {
    this.#declared = declared;
  }

  get isStream(): boolean {
    return this.#declared.options.stream;
  }

  /** Compiles it, and makes a first thread. */
  async open(): Promise<void> {
    const { options } = this.#declared;
    const pool = new ThreadPool({
      setup: await toThreadSetup(this.#declared),
      threads: options.threads,
      timeoutMs: options.timeoutMs,
    });
    await pool.open();
    this.#pool = pool;
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }

  async call(input: unknown, context: Context): Promise<unknown> {
    const { loaded, options } = this.#declared;
    const { entryPoint, label } = loaded;
    const given: GuestInput =
      entryPoint.kind === "numbers"
        ? { kind: "numbers", values: toParameters(label, entryPoint.signature, input) }
        : { kind: "bytes", bytes: toBytes(label, options.input, input), isStreamed: false };
    const output = await this.#run(given, (question) => this.#answer(question, context), context, context);
    return output.kind === "numbers"
      ? toResult(entryPoint.signature, output.values)
      : fromBytes(label, options.output, output.bytes);
  }

  /** Takes of the input what is read, and gives what is written, as fast as it is taken. */
  async *stream(input: unknown, context: Context): AsyncGenerator<Uint8Array> {
    const stream = new Stream(this.#declared.loaded.label, input, context.signal);
    const given: GuestInput = { kind: "bytes", bytes: undefined, isStreamed: true };
    const answer: Answering = (question) => stream.answer(question) ?? this.#answer(question, context);
    const running = this.#run(given, answer, context, stream);
    stream.follow(running);
    try {
      yield* stream.output();
    } finally {
      await stream.leave();
    }
  }

  #run(input: GuestInput, answer: Answering, { log }: Pick<Context, "log">, by: Waiting) {
    if (this.#pool === undefined) throw new HadronError("UNAVAILABLE", "The module has not been started.");
    const said = (text: string) => {
      if (text.trim() !== "") log.info(text.trimEnd());
    };
    return this.#pool.run({ input, answer, said }, by);
  }

  async #answer(question: Parameters<Answering>[0], context: Context): ReturnType<Answering> {
    const { kv, net, outputBytes } = this.#declared.options;
    switch (question.kind) {
      case "kv.get": {
        const value = await storeOf(kv).get(question.key);
        return value === undefined ? {} : { bytes: toStored(value) };
      }
      case "kv.set":
        await storeOf(kv).set(question.key, question.value);
        return {};
      case "kv.list": {
        const entries: (readonly [string, Uint8Array])[] = [];
        for await (const { key, value } of storeOf(kv).list({ prefix: question.prefix }))
          entries.push([key, toStored(value)]);
        return { entries };
      }
      case "fetch":
        return {
          bytes: await fetchGranted(question.url, { grants: net, signal: context.signal, maxBytes: outputBytes }),
        };
      case "input":
      case "output":
      case "admin":
        throw new HadronError("INTERNAL", `a call without streams asked for its ${question.kind}`);
    }
  }
}

function storeOf(kv: GuestStore | undefined): GuestStore {
  if (kv === undefined) throw new HadronError("PERMISSION_DENIED", "a guest asks for a store, and was granted none");
  return kv;
}

/** What a guest kept are bytes. */
function toStored(value: unknown): Uint8Array {
  // What get returns may be the entry, with its version beside its value.
  const kept = typeof value === "object" && value !== null && "value" in value ? value.value : value;
  if (kept instanceof Uint8Array) return kept;
  throw new HadronError(
    "FAILED_PRECONDITION",
    "What is kept under this key was not written by a module: it is no bytes.",
  );
}

async function toThreadSetup(declared: DeclaredModule): Promise<Omit<ThreadSetup, "shared">> {
  const { options } = declared;
  const limits: GuestLimits = {
    outputBytes: options.outputBytes,
    logBytes: LOG_BYTES,
    buffers: BUFFERS,
    bufferBytes: options.memoryMiB * 2 ** 20,
  };
  return {
    main: await toSetup(declared),
    limits,
    isReused: options.reuse,
    grants: {
      args: [declared.file, ...options.args],
      env: options.env,
      folders: declared.folders.map(({ at, path, isWritable }) => ({ at, path: realpathSync(path), isWritable })),
      clock: options.clock,
      random: options.random,
      kv: options.kv !== undefined,
      net: options.net.length > 0,
      admin: false,
    },
  };
}

async function toSetup({ loaded, options }: DeclaredModule): Promise<ModuleSetup> {
  const linked = Object.entries(options.link).map(async ([name, module]) => [
    name,
    await toSetup(declarationOf(module)),
  ]);
  return {
    label: loaded.label,
    module: await WebAssembly.compile(loaded.bytes),
    entryPoint: loaded.entryPoint,
    memory: loaded.memory,
    hasStart: loaded.shape.hasStart,
    imports: loaded.shape.imports.filter(({ module }) => isKnown(module) || Object.hasOwn(options.link, module)),
    linked: Object.fromEntries(await Promise.all(linked)),
  };
}
