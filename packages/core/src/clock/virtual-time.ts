import { AsyncLocalStorage } from "node:async_hooks";
import type { Timer } from "./clock.ts";
import type { DeadlineList, Timed } from "./deadlines.ts";
import { EndOfTurn } from "./end-of-turn.ts";

/** Never 0, which often stands for "not yet". */
const BEGINS_AT_MS = 1000;

class VirtualTimer implements Timer {
  atMs: number;
  /** Timers of the same moment run in the order in which they were set. */
  order: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;

  constructor(atMs: number, order: number, everyMs: number | undefined, run: () => void) {
    this.atMs = atMs;
    this.order = order;
    this.everyMs = everyMs;
    this.run = run;
  }

  unref(): this {
    return this;
  }
}

/**
 * Time that stands still while anything is at work, and jumps to the next timer when all are idle. It moves only while it
 * is held, by whoever waits for something, or moved by {@link advance}: so what happens, and in which order, depends on
 * what the program does and on nothing else.
 *
 * Turns of the event loop are real ones, in which microtasks and Node's own callbacks have their place as always. A
 * request to the system that is under way, say reading a file, is waited for: so long nothing is idle.
 */
export class VirtualTime {
  readonly deadlines: DeadlineList = new ExactDeadlines(this);
  readonly ends = new EndOfTurn((run) => this.nextTurn(run));
  // Sorted: the next is last.
  readonly #timers: VirtualTimer[] = [];
  #nowMs = BEGINS_AT_MS;
  #order = 0;
  #turns = 0;
  #holds = 0;
  #stops = 0;
  #looking = false;
  #advancing: { readonly untilMs: number; readonly done: () => void } | undefined;
  #lastAdvance: Promise<void> = Promise.resolve();

  now(): number {
    return this.#nowMs;
  }

  /** How long it has run. */
  get passedMs(): number {
    return this.#nowMs - BEGINS_AT_MS;
  }

  after(ms: number, run: () => void): Timer {
    return this.expire(ms, inContext(run));
  }

  every(ms: number, run: () => void): Timer {
    const everyMs = atLeastOne(ms);
    return this.#set(new VirtualTimer(this.#nowMs + everyMs, this.#order++, everyMs, inContext(run)));
  }

  /** As {@link after}, in nobody's context: to keep one costs more than all else of a deadline, which hardly ever comes. */
  expire(ms: number, run: () => void): Timer {
    return this.#set(new VirtualTimer(this.#nowMs + atLeastOne(ms), this.#order++, undefined, run));
  }

  cancel(timer: Timer | undefined): void {
    const index = timer instanceof VirtualTimer ? this.#timers.indexOf(timer) : -1;
    if (index >= 0) this.#timers.splice(index, 1);
  }

  nextTurn(run: () => void): void {
    this.#turns++;
    setImmediate(() => {
      this.#turns--;
      try {
        run();
      } finally {
        this.#settle();
      }
    });
  }

  /** Lets time move, until what it returns is called: somebody waits. */
  hold(): () => void {
    this.#holds++;
    this.#settle();
    let held = true;
    return () => {
      if (held) this.#holds--;
      held = false;
    };
  }

  /** Keeps time from moving, until what it returns is called: the answer of something outside is waited for. */
  stop(): () => void {
    this.#stops++;
    return () => {
      this.#stops--;
      this.#settle();
    };
  }

  /** Moves it so far, by whatever has a timer on the way. */
  advance(ms: number): Promise<void> {
    const advanced = this.#lastAdvance.then(() => {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#advancing = { untilMs: this.#nowMs + ms, done: resolve };
      this.#settle();
      return promise;
    });
    this.#lastAdvance = advanced;
    return advanced;
  }

  #set(timer: VirtualTimer): VirtualTimer {
    let index = this.#timers.length;
    while (index > 0 && comesAfter(timer, this.#timers[index - 1])) index--;
    this.#timers.splice(index, 0, timer);
    this.#settle();
    return timer;
  }

  /** Looks soon whether all are idle. */
  #settle(): void {
    if (this.#looking || this.#turns > 0 || this.#stops > 0 || (this.#holds === 0 && this.#advancing === undefined))
      return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#look();
    });
  }

  #look(): void {
    // Turns look again at their end.
    if (this.#turns > 0 || this.#stops > 0) return;
    if (isSystemAtWork()) return this.#settle();
    const next = this.#timers.at(-1);
    const advancing = this.#advancing;
    if (advancing !== undefined && (next === undefined || next.atMs > advancing.untilMs)) {
      this.#nowMs = advancing.untilMs;
      this.#advancing = undefined;
      advancing.done();
    } else if (next !== undefined && (advancing !== undefined || this.#holds > 0)) this.#jump(next);
  }

  #jump(timer: VirtualTimer): void {
    this.#timers.pop();
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    if (timer.everyMs !== undefined) {
      timer.atMs = this.#nowMs + timer.everyMs;
      timer.order = this.#order++;
      this.#set(timer);
    }
    try {
      timer.run();
    } finally {
      this.#settle();
    }
  }
}

/** A timer each: where time jumps, ticks would only keep it from getting far. */
class ExactDeadlines implements DeadlineList {
  readonly #time: VirtualTime;
  readonly #timers = new Map<Timed, Timer>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  get size(): number {
    return this.#timers.size;
  }

  add(timed: Timed): void {
    const expire = () => {
      this.#timers.delete(timed);
      timed.expire();
    };
    this.#timers.set(timed, this.#time.expire(timed.deadlineAt - this.#time.now(), expire));
  }

  delete(timed: Timed): void {
    this.#time.cancel(this.#timers.get(timed));
    this.#timers.delete(timed);
  }
}

/** Whether the first runs after the second. */
function comesAfter(timer: VirtualTimer, other: VirtualTimer | undefined): boolean {
  if (other === undefined) return false;
  return timer.atMs > other.atMs || (timer.atMs === other.atMs && timer.order > other.order);
}

/** As a timer of Node's does, it runs in the context in which it was set. */
function inContext(run: () => void): () => void {
  const within = AsyncLocalStorage.snapshot();
  return () => within(run);
}

function atLeastOne(ms: number): number {
  // As those of Node do, which take what is no number for 1.
  return Math.max(1, ms || 1);
}

/** Whether a request to the system is under way: a file is read, a name looked up. Sockets and timers are no requests. */
function isSystemAtWork(): boolean {
  return process.getActiveResourcesInfo().some((resource) => /Req/.test(resource));
}
