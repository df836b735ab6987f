import { type Clock, HadronError, type Timer } from "@hadron/core";
import { fromErrorRecord, toErrorRecord } from "../log/errors.ts";
import type { LogEvent, Outcome } from "../log/events.ts";
import { toLogged } from "../log/values.ts";
import type { Pending, Work } from "./command.ts";
import type { StepProgress } from "./recorded.ts";

/** The longest that a timer of Node waits. */
const LONGEST_MS = 2 ** 31 - 1;
/** The longest pause before another attempt. */
const LONGEST_BACKOFF_MS = 60_000;

export interface WorkingOptions {
  readonly clock: Clock;
  /** Runs a step's function where it may do as it likes. */
  outside<T>(work: () => T): T;
  /** Adds an event to the log. */
  write(event: LogEvent): void;
  settled(command: number, outcome: Outcome): void;
  /** When it goes on by itself may be another time. */
  changed(): void;
  /** Nobody knows what a step did, and a person shall say. */
  doubt(pending: Pending, attempt: number): void;
}

interface Worker {
  readonly pending: Pending;
  /** Of the attempt that is under way. */
  ending: LazySignal | undefined;
  timer: Timer | undefined;
  /** When it goes on by itself; undefined: it is at work. */
  wakeAt: number | undefined;
}

/** What a run does outside, and what it waits for by time: begun once its intent is kept. */
export class Working {
  readonly #options: WorkingOptions;
  readonly #workers = new Map<number, Worker>();
  #isHeld = false;

  constructor(options: WorkingOptions) {
    this.#options = options;
  }

  /** When something comes due by time alone; undefined where something is at work. Infinity: never. */
  get wakeAt(): number | undefined {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { wakeAt } of this.#workers.values()) {
      if (wakeAt === undefined) return undefined;
      earliest = Math.min(earliest, wakeAt);
    }
    return earliest;
  }

  /** Whether anything is under way outside. */
  get isAtWork(): boolean {
    return this.wakeAt === undefined;
  }

  /** What waits for its time is not begun by it any more: another life of the run will. What is at work goes on. */
  hold(): void {
    this.#isHeld = true;
    for (const { timer } of this.#workers.values()) this.#options.clock.cancel(timer);
  }

  /** Its intent is kept. `progress`: of an earlier life of the run. */
  begin(pending: Pending, progress?: StepProgress): void {
    const { spec, number, until } = pending;
    const worker: Worker = { pending, ending: undefined, timer: undefined, wakeAt: undefined };
    if (spec.kind === "sleep") {
      this.#workers.set(number, worker);
      this.#at(worker, until ?? 0, () => this.#settle(worker, { ok: toLogged(undefined, "a sleep") }));
    } else if (spec.work !== undefined) {
      this.#workers.set(number, worker);
      this.#resume(worker, spec.work, progress);
    }
  }

  /** The intent of a later attempt is kept. */
  attempted(command: number, attempt: number): void {
    const worker = this.#workers.get(command);
    if (worker?.pending.spec.work !== undefined) void this.#attempt(worker, worker.pending.spec.work, attempt);
  }

  /** Nobody waits for it any more. */
  end(command: number, reason: () => Error): void {
    const worker = this.#workers.get(command);
    if (worker === undefined) return;
    this.#workers.delete(command);
    this.#options.clock.cancel(worker.timer);
    worker.ending?.abort(reason);
  }

  endAll(why: string): void {
    if (this.#workers.size === 0) return;
    const error = new HadronError("ABORTED", why);
    for (const command of [...this.#workers.keys()]) this.end(command, () => error);
  }

  #resume(worker: Worker, work: Work, progress: StepProgress | undefined): void {
    if (progress === undefined) return void this.#attempt(worker, work, 1);
    const { attempt, isInDoubt, retryAt } = progress;
    if (!isInDoubt) return this.#later(worker, attempt, retryAt ?? 0);
    if (work.onDoubt === "retry") return void this.#attempt(worker, work, attempt);
    if (work.onDoubt === "ask") return this.#options.doubt(worker.pending, attempt);
    const message = `Whether ${worker.pending.key} was done is not known: its process ended meanwhile, and onDoubt is "fail".`;
    this.#settle(worker, { error: toErrorRecord(new HadronError("ABORTED", message)) });
  }

  async #attempt(worker: Worker, work: Work, attempt: number): Promise<void> {
    const { pending } = worker;
    worker.wakeAt = undefined;
    const ending = new LazySignal();
    worker.ending = ending;
    try {
      const done = this.#options.outside(() =>
        work.do({
          key: pending.key,
          attempt,
          command: pending.number,
          get signal() {
            return ending.signal;
          },
        }),
      );
      // One that is done already needs no time, and is told of as the others are: later.
      const value = await (isThenable(done) ? this.#within(worker, work, ending, done) : done);
      if (work.isBegun) return this.#wait(worker);
      this.#settle(worker, { ok: toLogged(value, `the result of ${pending.key}`) });
    } catch (error) {
      if (this.#workers.get(pending.number) === worker) this.#failed(worker, work, attempt, error);
    }
  }

  /** DEADLINE_EXCEEDED where that takes longer than the step's time. */
  async #within(worker: Worker, work: Work, ending: LazySignal, done: PromiseLike<unknown>): Promise<unknown> {
    const { clock } = this.#options;
    const expired = Promise.withResolvers<never>();
    // Nobody may ever look at it.
    expired.promise.catch(() => {});
    const expire = () => {
      const error = new HadronError(
        "DEADLINE_EXCEEDED",
        `Step ${worker.pending.key} took longer than ${work.timeoutMs} ms: give it a longer timeoutMs, or look at what it calls.`,
      );
      ending.abort(() => error);
      expired.reject(error);
    };
    const timer = clock.after(Math.min(work.timeoutMs, LONGEST_MS), expire);
    try {
      return await Promise.race([done, expired.promise]);
    } finally {
      clock.cancel(timer);
    }
  }

  /** What was begun tells of its end. */
  #wait(worker: Worker): void {
    worker.wakeAt = Number.POSITIVE_INFINITY;
    this.#options.changed();
  }

  #failed(worker: Worker, work: Work, attempt: number, error: unknown): void {
    const record = toErrorRecord(error);
    if (attempt >= work.attempts || !work.retries(error)) return this.#settle(worker, { error: record });
    const { clock, write } = this.#options;
    const at = clock.wallNow();
    const backoffMs = Math.min(work.backoffMs * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
    const retryAt = at + backoffMs / 2 + (clock.random() * backoffMs) / 2;
    write({ type: "failed", at, command: worker.pending.number, attempt, error: record, retryAt });
    this.#later(worker, attempt + 1, retryAt);
  }

  #later(worker: Worker, attempt: number, at: number): void {
    this.#at(worker, at, () => {
      const { clock, write } = this.#options;
      worker.wakeAt = undefined;
      write({ type: "attempted", at: clock.wallNow(), command: worker.pending.number, attempt });
    });
  }

  #at(worker: Worker, at: number, run: () => void): void {
    const { clock } = this.#options;
    worker.wakeAt = at;
    if (this.#isHeld) return;
    const leftMs = at - clock.wallNow();
    worker.timer =
      leftMs > LONGEST_MS
        ? clock.after(LONGEST_MS, () => this.#at(worker, at, run))
        : clock.after(Math.max(0, leftMs), run);
  }

  #settle(worker: Worker, outcome: Outcome): void {
    const { number } = worker.pending;
    // Cancelled, or dropped, meanwhile: what came of it is nobody's.
    if (this.#workers.get(number) !== worker) return;
    this.#workers.delete(number);
    this.#options.settled(number, outcome);
  }
}

/** A signal that is made once somebody asks for it: most steps never do. */
class LazySignal {
  #controller: AbortController | undefined;
  #reason: (() => Error) | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason());
    }
    return this.#controller.signal;
  }

  /** The first reason holds. */
  abort(reason: () => Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason());
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** The error of an outcome, or what it gave. */
export function rejectionOf(outcome: Outcome): Error | undefined {
  return "error" in outcome ? fromErrorRecord(outcome.error) : undefined;
}
