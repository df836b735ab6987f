import { HadronError, unlessAborted } from "@hadron/core/spi";
import type { GuestOutput } from "../guest/protocol.ts";
import { type GuestCall, GuestThread, type ThreadOptions } from "./guest-thread.ts";
import type { Waiting } from "./watch.ts";

export interface PoolOptions extends ThreadOptions {
  /** Calls at once; others wait. */
  readonly threads: number;
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
   * Runs a call in a thread of its own. DEADLINE_EXCEEDED where it takes longer than it may, CANCELLED where its caller has gone: either
   * ends the thread, wherever the guest is. Whoever goes while he waits for a thread has the signal's own reason.
   */
  async run(call: GuestCall, by: Waiting): Promise<GuestOutput> {
    const thread = this.#takeIdle() ?? (await this.#takeNext(by.signal));
    try {
      // A thread that has just taken the place of another one begins to count when it can begin.
      if (!thread.isReady) await unlessAborted(thread.ready(), by.signal);
      return await thread.call(call, by);
    } finally {
      this.#release(thread);
    }
  }

  /** Ends every thread. */
  async close(): Promise<void> {
    this.#closed = true;
    const reason = new HadronError("CANCELLED", `${this.#label}: the replica ends.`);
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    await Promise.all(this.#idle.splice(0).map((thread) => thread.end(reason)));
  }

  get #label(): string {
    return this.#options.setup.main.label;
  }

  /** One that waits for calls, or may be made. Undefined: all are at work. */
  #takeIdle(): GuestThread | undefined {
    if (this.#closed) throw new HadronError("UNAVAILABLE", `${this.#label}: the replica ends.`);
    let taken = this.#idle.pop();
    while (taken !== undefined && !taken.isAlive) {
      this.#count--;
      taken = this.#idle.pop();
    }
    if (taken === undefined && this.#hasRoom) taken = this.#create();
    if (this.#idle.length === 0 && this.#hasRoom) this.#idle.push(this.#create());
    return taken;
  }

  get #hasRoom(): boolean {
    return this.#count < this.#options.threads;
  }

  async #takeNext(signal: AbortSignal): Promise<GuestThread> {
    const waiting = Promise.withResolvers<GuestThread>();
    this.#waiting.push(waiting);
    try {
      return await unlessAborted(waiting.promise, signal);
    } catch (error) {
      const place = this.#waiting.indexOf(waiting);
      if (place !== -1) this.#waiting.splice(place, 1);
      else
        void waiting.promise.then(
          (thread) => this.#release(thread),
          () => {},
        );
      throw error;
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
    else if (this.#closed) void next.end(new HadronError("CANCELLED", `${this.#label}: the replica ends.`));
    else this.#idle.push(next);
  }

  #create(): GuestThread {
    this.#count++;
    return new GuestThread(this.#options);
  }
}
