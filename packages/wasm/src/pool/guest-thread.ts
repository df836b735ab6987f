import { Worker } from "node:worker_threads";
import { HadronError, isHadronError } from "@hadron/core";
import type {
  Answer,
  FromThread,
  GuestInput,
  GuestOutput,
  Question,
  ThreadSetup,
  ToThread,
} from "../guest/protocol.ts";
import { SharedMemory } from "../guest/shared-memory.ts";
import { type Waiting, Watch } from "./watch.ts";

/** Answers what a guest asks in the middle of its call. A rejection becomes the guest's own error. */
export type Answering = (question: Question) => Promise<Omit<Answer & { ok: true }, "ok">>;

/** A call, and what its guest may want of its replica. */
export interface GuestCall {
  readonly input: GuestInput;
  readonly answer: Answering;
  /** Called with what the guest said, however the call ended. */
  readonly said: (log: string) => void;
}

/** What a thread is made with, and how long a call in it may take. */
export interface ThreadOptions {
  readonly setup: Omit<ThreadSetup, "shared">;
  readonly timeoutMs: number;
}

interface Running {
  readonly call: GuestCall;
  resolve(output: GuestOutput): void;
  reject(error: unknown): void;
}

/** Of JavaScript's own: what a guest has is in its memory, and beside it there is little. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

/** A thread in which guests run, as its replica sees it. One call at a time; `end` ends it in the middle of anything. */
export class GuestThread {
  readonly #worker: Worker;
  readonly #shared = new SharedMemory();
  readonly #watch: Watch;
  readonly #ready = Promise.withResolvers<void>();
  #isReady = false;
  #running: Running | undefined;
  #failure: HadronError | undefined;

  constructor({ setup, timeoutMs }: ThreadOptions) {
    this.#watch = new Watch(timeoutMs, setup.main.label, (reason) => void this.end(reason));
    const workerData: ThreadSetup = { ...setup, shared: this.#shared.buffer };
    this.#worker = new Worker(threadFile(), { workerData, resourceLimits: RESOURCE_LIMITS, env: {} });
    this.#worker.on("message", (message: FromThread) => this.#received(message));
    this.#worker.on("error", (error) => this.#died(inWords(error)));
    this.#worker.on("exit", (code) => this.#died(`its thread ended with ${code}`));
    this.#ready.promise.catch(() => {});
    // Nothing that waits for calls keeps a process alive.
    this.#worker.unref();
  }

  /** Whether it can be given a call, now or when it is ready. */
  get isAlive(): boolean {
    return this.#failure === undefined;
  }

  /** Whether a call would begin at once. */
  get isReady(): boolean {
    return this.#isReady && this.isAlive;
  }

  /** Resolves when the first call can be made. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /**
   * Makes a call. DEADLINE_EXCEEDED where it takes longer than it may, CANCELLED where its caller has gone: either ends the thread,
   * wherever the guest is.
   */
  call(call: GuestCall, by: Waiting): Promise<GuestOutput> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<GuestOutput>();
    this.#running = { call, resolve, reject };
    this.#worker.ref();
    this.#tell(toMessage(call.input, this.#shared));
    this.#watch.begin(by);
    return promise;
  }

  /** Ends it at once, in whatever it is; a call that is under way is rejected. Resolves when it has ended. */
  async end(reason: HadronError): Promise<void> {
    this.#failure ??= reason;
    this.#watch.close();
    this.#settle()?.reject(reason);
    await this.#worker.terminate();
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message);
    this.#shared.wake();
  }

  #received(message: FromThread): void {
    switch (message.type) {
      case "ready":
        this.#isReady = true;
        this.#ready.resolve();
        return;
      case "asks":
        void this.#asked(message.question);
        return;
    }
    const running = this.#settle();
    running?.call.said(message.log);
    if (message.type === "done") running?.resolve(toOutput(message, this.#shared));
    else running?.reject(new HadronError(message.failure.code, message.failure.message));
  }

  async #asked(question: Question): Promise<void> {
    const asked = this.#running;
    let answer: Answer;
    try {
      if (asked === undefined) throw new HadronError("INTERNAL", "a guest asks, and no call is under way");
      answer = { ok: true, ...(await asked.call.answer(question)) };
    } catch (error) {
      const code = isHadronError(error) ? error.code : "HANDLER_FAILED";
      answer = { ok: false, failure: { code, message: error instanceof Error ? error.message : String(error) } };
    }
    if (this.#failure === undefined) this.#tell({ kind: "answer", answer: withOwnBytes(answer) });
  }

  #died(why: string): void {
    this.#failure ??= new HadronError("HANDLER_FAILED", `The guest's thread is gone: ${why}.`);
    this.#watch.close();
    this.#ready.reject(this.#failure);
    this.#settle()?.reject(this.#failure);
  }

  #settle(): Running | undefined {
    const running = this.#running;
    if (running === undefined) return undefined;
    this.#running = undefined;
    this.#watch.over();
    this.#worker.unref();
    return running;
  }
}

function toMessage(input: GuestInput, shared: SharedMemory): ToThread {
  switch (input.kind) {
    case "hosted":
      return { ...input, bytes: shared.lay(input.bytes) };
    case "bytes":
      return { ...input, bytes: input.bytes === undefined ? undefined : shared.lay(input.bytes) };
    default:
      return input;
  }
}

function toOutput(message: FromThread & { type: "done" }, shared: SharedMemory): GuestOutput {
  return "bytes" in message ? { ...message, bytes: shared.take(message.bytes) } : message;
}

/** Small buffers of Node's lie in one of 8 KiB, and that would travel as a whole. */
function withOwnBytes(answer: Answer): Answer {
  if (!answer.ok || answer.bytes === undefined) return answer;
  const isOwn = answer.bytes.length === answer.bytes.buffer.byteLength;
  return isOwn ? answer : { ...answer, bytes: new Uint8Array(answer.bytes) };
}

function inWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const isFull = error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
  return isFull ? `it took more than ${RESOURCE_LIMITS.maxOldGenerationSizeMb} MiB beside its own memory` : message;
}

/** In the sources, or where they were built; written out, so that whoever lays an app out finds it. */
function threadFile(): URL {
  const isSource = import.meta.url.endsWith(".ts");
  return isSource ? new URL("../worker/thread.ts", import.meta.url) : new URL("../worker/thread.js", import.meta.url);
}
