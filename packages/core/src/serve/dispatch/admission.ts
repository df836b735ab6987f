import type { Clockwork } from "../../clock/clockwork.ts";
import type { Metric } from "../../metric.ts";
import { ConcurrencyLimit } from "./concurrency-limit.ts";

/** A call that came in. */
export interface Arrival {
  /** On the clock of the {@link Admission}. */
  readonly arrivedAt: number;
  /** Whether its time is over: then it is answered so, and not started. */
  expired(now: number): boolean;
  /** Runs it. {@link Admission.ended} is called once it is over: not when it is answered, which may be earlier. */
  start(): void;
  /** Answers that there is too much work, without running it. */
  refuse(why: string, retryAfterMs: number): void;
}

/** What handlers may take of one turn of the event loop; further calls wait for the next, so that it still reads and writes. */
const TURN_MS = 4;
/** After so much, the end of the turn is worth noticing. */
const NOTICE_MS = 1;
/** How often it is looked at whether there is too much work. */
const WINDOW_MS = 50;
/** How long a window gets in which no call ends: calls that wait for something else say nothing about what can be done. */
const LONGEST_WINDOW_MS = 1000;
/** The queue grew in so many windows in a row, and by so much: arrivals beyond what was done, in windows' worth of work. */
const WINDOWS_IN_ROW = 2;
const TOO_MUCH = 3;
/** And more than so many calls are here, or half of a lower declared limit: whoever sends a batch of fewer gets them all done. */
const MANY = 500;
/** How long calls wait under overload. */
const WAIT_MS = 5;
const MOST_RETRY_AFTER_MS = 5000;

/**
 * Decides which calls run, which wait, and which are turned away.
 *
 * While there is enough of everything a call starts in the moment in which it was read. What must wait, waits in the
 * order in which it came, however many callers a limited number of calls makes at once. But once the queue only grows,
 * beyond {@link MANY}, more comes than can be done, and it is no batch that ends: then the newest is served
 * first, the queue is as short as what can be done in {@link WAIT_MS}, and the rest is told at once, and when to come
 * again. Served in order, all would wait, most for nothing.
 *
 * After B. Maurer, "Fail at Scale", ACM Queue 13 (8), 2015 (adaptive LIFO), and K. Nichols and V. Jacobson,
 * "Controlling Queue Delay", ACM Queue 10 (5), 2012 (a standing queue is one whose minimum over an interval is not small).
 *
 * I7: at work and waiting together are never more than the declared `limits.concurrency`.
 */
export class Admission {
  /** The declared limit. */
  readonly most: number;
  refused = 0;
  readonly #clock: Clockwork;
  readonly #limit: ConcurrencyLimit;
  readonly #queue: Arrival[] = [];
  #overloaded = false;
  /** What handlers took of this turn, synchronously. */
  #spentMs = 0;
  #scheduled = false;
  /** A call has ended since handlers were last started from the queue. */
  #endedSince = false;
  // The window.
  #windowEndsAt = 0;
  #windowBeganAt = 0;
  #arrived = 0;
  #done = 0;
  #shed = 0;
  #shortest = 0;
  #shortestBefore = 0;
  #grewInRow = 0;
  #excess = 0;
  #retryAfterMs = WINDOW_MS;
  #shortQueue = 1;
  #usualMs = 0;

  constructor(most: number, clock: Clockwork) {
    this.#clock = clock;
    this.most = most;
    this.#limit = new ConcurrencyLimit(most, clock, () => {
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  /** How long ago, at most, was read what comes now: handlers have run since, in the same turn. */
  get lateMs(): number {
    return this.#spentMs < NOTICE_MS ? 0 : this.#spentMs;
  }

  take(arrival: Arrival): void {
    this.#arrived++;
    if (arrival.arrivedAt >= this.#windowEndsAt) this.#look(arrival.arrivedAt);
    const { length } = this.#queue;
    if (length === 0 && this.#spentMs < TURN_MS && !this.#overloaded && this.#limit.room) {
      this.#run(arrival, arrival.arrivedAt);
      return;
    }
    if (length < this.#shortest) this.#shortest = length;
    if (this.#overloaded) {
      this.#queue.push(arrival);
      while (this.#queue.length > this.#shortQueue || this.#limit.atWork + this.#queue.length > this.most)
        this.#refuse(this.#queue.shift()!);
    } else if (this.#limit.atWork + length >= this.most) this.#refuse(arrival);
    else this.#queue.push(arrival);
    this.#schedule();
  }

  /** A call that was started is over. */
  ended(): void {
    this.#limit.ended();
    this.#done++;
    this.#endedSince = true;
    if (this.#queue.length > 0) this.#schedule();
  }

  /** A call that waits was answered: its caller went away, or its time ran out. */
  forget(arrival: Arrival): void {
    const index = this.#queue.indexOf(arrival);
    if (index >= 0) this.#queue.splice(index, 1);
  }

  *metrics(): Iterable<Metric> {
    const gauge = (name: string, help: string, value: number): Metric => ({
      name: `hadron_${name}`,
      type: "gauge",
      help,
      value,
    });
    yield gauge("calls_waiting", "Calls that wait to be started.", this.#queue.length);
    yield gauge("concurrency", "Calls at work.", this.#limit.atWork);
    yield gauge("concurrency_limit", "Calls that may be at work, as found.", this.#limit.value);
    yield gauge("concurrency_declared", "Calls that may be at work or wait: limits.concurrency.", this.most);
    yield gauge("overloaded", "1 while more comes than can be done.", this.#overloaded ? 1 : 0);
    yield { name: "hadron_calls_shed_total", type: "counter", help: "Calls answered OVERLOADED.", value: this.refused };
  }

  #run(arrival: Arrival, now: number): void {
    this.#limit.began();
    arrival.start();
    const ms = this.#clock.now() - now;
    this.#spentMs += ms;
    if (this.#spentMs >= NOTICE_MS) {
      this.#usualMs += (ms - this.#usualMs) / 8;
      this.#schedule();
    }
  }

  /** In a turn of its own, after what the handlers of this one have to write was written. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Some microtasks later: an async handler's answer is written in one, and asks for the end of the turn before this does.
    queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => this.#clock.nextTurn(this.#turn))));
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#spentMs = 0;
    let now = this.#clock.now();
    if (now >= this.#windowEndsAt) this.#look(now);
    const queue = this.#queue;
    if (this.#overloaded && this.#endedSince && queue.length > 0) {
      // What came while that one kept the processor busy has not been read yet, and is newer.
      this.#endedSince = false;
      this.#schedule();
      return;
    }
    while (queue.length > 0 && this.#spentMs < TURN_MS && this.#limit.room) {
      const arrival = this.#overloaded ? queue.pop()! : queue.shift()!;
      // Nobody waits for it any more; the timer that would say so is behind this in the queue of the event loop.
      if (arrival.expired(now)) continue;
      this.#run(arrival, now);
      now = this.#clock.now();
    }
    this.#endedSince = false;
    if (queue.length < this.#shortest) this.#shortest = queue.length;
    // Nobody comes back to these before they are too old.
    if (this.#overloaded)
      while (queue.length > 0 && now - queue[0]!.arrivedAt > 2 * Math.max(WAIT_MS, this.#usualMs))
        this.#refuse(queue.shift()!);
    if (queue.length > 0 && this.#limit.room) this.#schedule();
  };

  #refuse(arrival: Arrival): void {
    this.refused++;
    this.#shed++;
    const why = this.#overloaded
      ? "more calls than it can do"
      : `${this.#limit.atWork + this.#queue.length} calls, its limit`;
    arrival.refuse(why, this.#retryAfterMs);
  }

  /** Looks back on the window that has ended, and begins the next. */
  #look(now: number): void {
    const [arrived, done, shed, shortest] = [this.#arrived, this.#done, this.#shed, this.#shortest];
    const lengthMs = now - this.#windowBeganAt;
    if (done === 0 && lengthMs < LONGEST_WINDOW_MS && !this.#overloaded) return;
    this.#windowBeganAt = now;
    this.#windowEndsAt = now + WINDOW_MS;
    this.#arrived = this.#done = this.#shed = 0;
    this.#shortest = this.#queue.length;
    const excess = arrived / Math.max(1, done) - 1;
    // Whoever comes back evenly over this finds room.
    this.#retryAfterMs = Math.min(MOST_RETRY_AFTER_MS, Math.ceil(2 * WINDOW_MS * Math.max(1, excess)));
    this.#shortQueue = Math.max(1, Math.round((done / lengthMs) * WAIT_MS));
    if (this.#overloaded) {
      if (shed === 0) this.#overloaded = false;
    } else {
      // Or would have grown, were there room.
      const grew = shortest > 0 && (shortest > this.#shortestBefore || shed > 0) && excess > 0.1;
      this.#grewInRow = grew ? this.#grewInRow + 1 : 0;
      // One window alone is never too much: what comes at once, all that waited for this replica to come back, comes once.
      this.#excess = grew ? this.#excess + Math.min(excess, TOO_MUCH - 1) : 0;
      const inUse = this.#limit.atWork + this.#queue.length;
      if (inUse > Math.min(MANY, this.most / 2) && this.#grewInRow >= WINDOWS_IN_ROW && this.#excess >= TOO_MUCH)
        this.#overload();
    }
    this.#shortestBefore = shortest;
  }

  #overload(): void {
    this.#overloaded = true;
    this.#grewInRow = this.#excess = 0;
    while (this.#queue.length > this.#shortQueue) this.#refuse(this.#queue.shift()!);
  }
}
