import { HadronError } from "@hadron/core";
import type { GuestOutput, ThreadSetup } from "../guest/protocol.ts";
import { type GuestCall, GuestThread } from "./guest-thread.ts";

export interface PoolOptions {
  readonly setup: Omit<ThreadSetup, "answered" | "questions">;
  /** Calls at once; others wait. */
  readonly threads: number;
  /** How long a call may take from when it begins. */
  readonly timeoutMs: number;
  /** How messages name the module. */
  readonly label: string;
}

/** Threads of one module: one more than are at work is kept warm, up to so many. */
export class ThreadPool {
  readonly #options: PoolOptions;
  readonly #idle: GuestThread[] = [];
  readonly #waiting: PromiseWithResolvers<GuestThread>[] = [];
  #count = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Resolves when a first thread is there. Rejects where there cannot be one. */
  async open(): Promise<void> {
    const thread = this.#create();
    await thread.ready();
    this.#release(thread);
  }

  /**
   * Runs a call in a thread of its own. DEADLINE_EXCEEDED where it takes longer than it may; rejects with the signal's
   * reason when that aborts. Either ends the thread, wherever the guest is.
   */
  async run(call: GuestCall, signal: AbortSignal): Promise<GuestOutput> {
    const { timeoutMs, label } = this.#options;
    const thread = await this.#take(signal);
    const end = (reason: HadronError) => void thread.end(reason);
    let timer: NodeJS.Timeout | undefined;
    const abort = () => end(new HadronError("CANCELLED", `${label}: its caller has gone.`, { cause: signal.reason }));
    signal.addEventListener("abort", abort, { once: true });
    try {
      // A thread that has just taken the place of another one begins to count when it can begin.
      await thread.ready();
      timer = setTimeout(() => {
        end(new HadronError("DEADLINE_EXCEEDED", `${label}: it ran for ${timeoutMs} ms, its limit, and was ended.`));
      }, timeoutMs);
      return await thread.call(call);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      this.#release(thread);
    }
  }

  /** Ends every thread. */
  async close(): Promise<void> {
    this.#closed = true;
    const reason = new HadronError("CANCELLED", `${this.#options.label}: the replica ends.`);
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    await Promise.all(this.#idle.splice(0).map((thread) => thread.end(reason)));
  }

  async #take(signal: AbortSignal): Promise<GuestThread> {
    const taken = await this.#takeAny(signal);
    const hasRoom = !this.#closed && this.#count < this.#options.threads;
    if (this.#idle.length === 0 && hasRoom) this.#idle.push(this.#create());
    return taken;
  }

  async #takeAny(signal: AbortSignal): Promise<GuestThread> {
    signal.throwIfAborted();
    if (this.#closed) throw new HadronError("UNAVAILABLE", `${this.#options.label}: the replica ends.`);
    for (let thread = this.#idle.pop(); thread !== undefined; thread = this.#idle.pop()) {
      if (thread.isAlive) return thread;
      this.#count--;
    }
    if (this.#count < this.#options.threads) return this.#create();
    const waiting = Promise.withResolvers<GuestThread>();
    this.#waiting.push(waiting);
    const abort = () => {
      const place = this.#waiting.indexOf(waiting);
      if (place !== -1) this.#waiting.splice(place, 1);
      waiting.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await waiting.promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** A thread that was ended is replaced by a new one, so that the next call finds one that is warm. */
  #release(thread: GuestThread): void {
    let next = thread;
    if (!thread.isAlive) {
      this.#count--;
      if (this.#closed) return;
      next = this.#create();
      // Those that are warm are taken before it.
      if (this.#waiting.length === 0) return void this.#idle.unshift(next);
    }
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve(next);
    else if (this.#closed) void next.end(new HadronError("CANCELLED", `${this.#options.label}: the replica ends.`));
    else this.#idle.push(next);
  }

  #create(): GuestThread {
    this.#count++;
    return new GuestThread(this.#options.setup);
  }
}
