import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
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

/** Answers what a guest asks in the middle of its call. A rejection becomes the guest's own error. */
export type Answering = (question: Question) => Promise<Omit<Answer & { ok: true }, "ok">>;

/** A call, and what its guest may want of its replica. */
export interface GuestCall {
  readonly input: GuestInput;
  readonly answer: Answering;
  /** Called with what the guest said, however the call ended. */
  readonly said: (log: string) => void;
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
  readonly #questions: MessagePort;
  readonly #answered: Int32Array;
  readonly #ready = Promise.withResolvers<void>();
  #running: Running | undefined;
  #failure: HadronError | undefined;

  constructor(setup: Omit<ThreadSetup, "answered" | "questions">) {
    const { port1, port2 } = new MessageChannel();
    const answered = new SharedArrayBuffer(4);
    this.#answered = new Int32Array(answered);
    this.#questions = port1;
    const workerData: ThreadSetup = { ...setup, answered, questions: port2 };
    this.#worker = new Worker(threadFile(), {
      workerData,
      transferList: [port2],
      resourceLimits: RESOURCE_LIMITS,
      env: {},
    });
    this.#worker.on("message", (message: FromThread) => this.#received(message));
    this.#worker.on("error", (error) => this.#died(inWords(error)));
    this.#worker.on("exit", (code) => this.#died(`its thread ended with ${code}`));
    port1.on("message", (question: Question) => void this.#asked(question));
    this.#ready.promise.catch(() => {});
    // Nothing that waits for calls keeps a process alive.
    this.#worker.unref();
    port1.unref();
  }

  /** Whether it can be given a call. */
  get isAlive(): boolean {
    return this.#failure === undefined;
  }

  /** Resolves when the first call can be made. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  call(call: GuestCall): Promise<GuestOutput> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<GuestOutput>();
    this.#running = { call, resolve, reject };
    this.#worker.ref();
    this.#worker.postMessage({ type: "call", input: call.input } satisfies ToThread);
    return promise;
  }

  /** Ends it at once, in whatever it is; a call that is under way is rejected. Resolves when it has ended. */
  async end(reason: HadronError): Promise<void> {
    this.#failure ??= reason;
    this.#settle()?.reject(reason);
    this.#questions.close();
    await this.#worker.terminate();
  }

  #received(message: FromThread): void {
    if (message.type === "ready") {
      this.#ready.resolve();
      return;
    }
    const running = this.#settle();
    running?.call.said(message.log);
    if (message.type === "done") running?.resolve(message.output);
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
    if (this.#failure !== undefined) return;
    this.#questions.postMessage(answer);
    Atomics.store(this.#answered, 0, 1);
    Atomics.notify(this.#answered, 0);
  }

  #died(why: string): void {
    this.#failure ??= new HadronError("HANDLER_FAILED", `The guest's thread is gone: ${why}.`);
    this.#ready.reject(this.#failure);
    this.#settle()?.reject(this.#failure);
    this.#questions.close();
  }

  #settle(): Running | undefined {
    const running = this.#running;
    this.#running = undefined;
    this.#worker.unref();
    return running;
  }
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
