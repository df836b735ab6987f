import { type Context, HadronError } from "@hadron/core";
import { readWhole, type WebInput, type WebOutput } from "@hadron/core/spi";
import type { DeclaredModule, GuestStore } from "./declared.ts";
import { fromBytes, toBytes } from "./forms.ts";
import type { GuestInput, GuestOutput, Question } from "./guest/protocol.ts";
import { fetchGranted } from "./net.ts";
import { toParameters, toResult } from "./numbers.ts";
import type { Answering } from "./pool/guest-thread.ts";
import { ThreadPool } from "./pool/thread-pool.ts";
import type { Waiting } from "./pool/watch.ts";
import { Stream } from "./stream.ts";
import { toThreadSetup } from "./thread-setup.ts";

/** A module in one replica: its threads, and what its guests may ask for. */
export class GuestReplica {
  readonly #declared: DeclaredModule;
  #pool: ThreadPool | undefined;

  constructor(declared: DeclaredModule) {
    this.#declared = declared;
  }

  get takes(): "streams" | "requests" | "values" {
    if (this.#declared.loaded.entryPoint.kind === "request") return "requests";
    return this.#declared.options.stream ? "streams" : "values";
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
    const output = await this.#run(
      this.#toInput(input),
      (question) => this.#answer(question, context),
      context,
      context,
    );
    return this.#toOutput(output);
  }

  /** Answers a request. */
  async fetch(input: WebInput, context: Context): Promise<WebOutput> {
    const { head, headers, body } = await readWhole(input, this.#declared.options.memoryMiB * 2 ** 20);
    const request = {
      method: head.method,
      path: head.url,
      scheme: head.secure === true ? "https" : "http",
      authority: headers.host,
      headers: Object.entries(headers),
      body: new Uint8Array(body),
    };
    const answer = (question: Question) => this.#answer(question, context);
    const output = await this.#run({ kind: "request", request }, answer, context, context);
    if (output.kind !== "answer") throw new HadronError("INTERNAL", `a request was answered with ${output.kind}`);
    return { ...output.answer, headers: output.answer.headers.flat() };
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

  #toInput(input: unknown): GuestInput {
    const { loaded, options } = this.#declared;
    const { entryPoint, label } = loaded;
    switch (entryPoint.kind) {
      case "numbers":
        return { kind: "numbers", values: toParameters(label, entryPoint.signature, input) };
      case "values":
        return { kind: "values", input };
      default:
        return { kind: "bytes", bytes: toBytes(label, options.input, input), isStreamed: false };
    }
  }

  #toOutput(output: GuestOutput): unknown {
    const { loaded, options } = this.#declared;
    const { entryPoint, label } = loaded;
    if (output.kind === "value") return output.value;
    if (output.kind === "bytes") return fromBytes(label, options.output, output.bytes);
    if (output.kind === "numbers" && entryPoint.kind === "numbers")
      return toResult(entryPoint.signature, output.values);
    throw new HadronError("INTERNAL", `${label} was called otherwise than it answers.`);
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
