import type { Clock, Timer } from "../../clock/clock.ts";
import { innerTime } from "../../clock/inner-time.ts";

/** A timer as Node gives it. */
class ReplicaTimer implements Timer {
  timer: Timer | undefined;
  readonly #arm: () => Timer;
  readonly #cancel: (timer: ReplicaTimer) => void;
  #referenced = true;

  constructor(arm: () => Timer, cancel: (timer: ReplicaTimer) => void) {
    this.#arm = arm;
    this.#cancel = cancel;
    this.timer = arm();
  }

  ref(): this {
    this.#referenced = true;
    return this;
  }
  unref(): this {
    this.#referenced = false;
    this.timer?.unref();
    return this;
  }
  hasRef(): boolean {
    return this.#referenced;
  }
  refresh(): this {
    this.#cancel(this);
    this.timer = this.#arm();
    if (!this.#referenced) this.timer.unref();
    return this;
  }
  close(): this {
    this.#cancel(this);
    return this;
  }
  [Symbol.dispose](): void {
    this.#cancel(this);
  }
}

type Run = (...args: readonly unknown[]) => void;

/** The timers of one replica's own code: they end with it. */
export class ReplicaTimers {
  readonly #clock: Clock & { nextTurn(run: () => void): void };
  readonly #running = new Set<ReplicaTimer>();
  #ended = false;

  constructor(clock: Clock & { nextTurn(run: () => void): void }) {
    this.#clock = clock;
  }

  readonly setTimeout = (run: Run, ms = 0, ...args: readonly unknown[]): ReplicaTimer => {
    innerTime.getStore()?.refuse("setTimeout");
    const timer = this.#start(() =>
      this.#clock.after(ms, () => {
        this.#running.delete(timer);
        run(...args);
      }),
    );
    return timer;
  };

  readonly setInterval = (run: Run, ms = 0, ...args: readonly unknown[]): ReplicaTimer => {
    innerTime.getStore()?.refuse("setInterval");
    return this.#start(() => this.#clock.every(ms, () => run(...args)));
  };

  readonly setImmediate = (run: Run, ...args: readonly unknown[]): { cancelled: boolean } => {
    innerTime.getStore()?.refuse("setImmediate");
    const immediate = { cancelled: false };
    this.#clock.nextTurn(() => {
      if (!immediate.cancelled && !this.#ended) run(...args);
    });
    return immediate;
  };

  readonly clear = (timer: unknown): void => {
    if (timer instanceof ReplicaTimer) this.#cancel(timer);
  };

  readonly clearImmediate = (immediate: { cancelled: boolean } | undefined): void => {
    if (immediate !== undefined) immediate.cancelled = true;
  };

  /** No timer of it runs any more. */
  end(): void {
    this.#ended = true;
    for (const timer of this.#running) this.#cancel(timer);
  }

  #start(arm: () => Timer): ReplicaTimer {
    const timer = new ReplicaTimer(arm, (stopped) => this.#cancel(stopped));
    this.#running.add(timer);
    if (this.#ended) this.#cancel(timer);
    return timer;
  }

  #cancel(timer: ReplicaTimer): void {
    this.#running.delete(timer);
    this.#clock.cancel(timer.timer);
  }
}
