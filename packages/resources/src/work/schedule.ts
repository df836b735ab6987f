import { HadronError } from "@hadron/core/spi";
import type { StoreClient } from "../client/store-client.ts";
import { KeyValueStore } from "../key-value/key-value.ts";
import { pause } from "./hold-for-ever.ts";

/** Looks again at least so often: timers of days drift. */
const LONGEST_WAIT_MS = 3_600_000;
/** Of due times that were missed as many are counted at most. */
const MOST_MISSED = 1000;

/** Gives the first due time after a moment, in milliseconds since 1970; undefined where there is none any more. */
export type NextDue = (after: number) => number | undefined;

/** What is kept of a schedule. */
interface Kept {
  readonly line: string;
  /** The last due time that was dealt with. */
  readonly done: number;
  /** The run of a program that was started last. */
  readonly run?: string | undefined;
}

/** A due time of a schedule. */
export interface Occasion {
  /** When it was due. */
  readonly due: Date;
  /** How many due times before this one nobody could keep. */
  readonly missed: number;
}

/** A schedule, as every replica of its service knows it. */
export interface Schedule {
  readonly store: StoreClient;
  readonly name: string;
  /** The line with its time zone: another one begins anew. */
  readonly line: string;
  readonly nextDue: NextDue;
}

export interface ScheduleOptions extends Schedule {
  /** What becomes of due times in which nothing ran: all of them are one occasion, or none, or one each. */
  readonly missed: "once" | "skip" | "each";
  readonly token: number;
  readonly signal: AbortSignal;
  /** Ends where nothing is due for longer than this. @default never */
  readonly restMs?: number;
  /** @param last What it gave for the due time before. */
  run(occasion: Occasion, last: string | undefined): Promise<string | undefined>;
}

/** Resolves when something is due within `restMs`, or nobody has kept this line yet; or when the signal aborts. */
export async function untilDue(schedule: Schedule, restMs: number, signal: AbortSignal): Promise<void> {
  const { store, name, line, nextDue } = schedule;
  while (!signal.aborted) {
    const [state, now] = await Promise.all([keptIn(store).get(name), store.read({ kind: "time" })]);
    if (state?.line !== line) return;
    const leftMs = (nextDue(state.done) ?? Number.POSITIVE_INFINITY) - now;
    if (leftMs <= restMs) return;
    await pause(store, Math.min(leftMs, LONGEST_WAIT_MS), signal);
  }
}

function keptIn(store: StoreClient): KeyValueStore<Kept> {
  const check = { schema: undefined, upgrade: undefined };
  return new KeyValueStore<Kept>({ name: "hadron.schedules", check, ttlMs: undefined }, () => store);
}

/**
 * Keeps the due times of a line, one after the other, by the store's clock. Each is written down when it is done: whoever
 * follows a leader that died does what was under way again.
 */
export async function keepSchedule(options: ScheduleOptions): Promise<void> {
  const { store, name, line, nextDue, signal, token, run } = options;
  const kept = keptIn(store);
  const write = (state: Kept) => kept.set(name, state, { fence: token });
  let state = await kept.get(name);
  while (!signal.aborted) {
    const now = await store.read({ kind: "time" });
    if (state === undefined || state.line !== line) {
      state = { line, done: now, run: state?.run };
      await write(state);
    }
    const due = nextDue(state.done);
    if (due === undefined) return pause(store, LONGEST_WAIT_MS, signal);
    if (due > now) {
      if (due - now > (options.restMs ?? Number.POSITIVE_INFINITY)) return;
      await pause(store, Math.min(due - now, LONGEST_WAIT_MS), signal);
      continue;
    }
    const { last, count } = options.missed === "each" ? { last: due, count: 1 } : lastOf(due, now, nextDue);
    const isLate = count > 1;
    let started = state.run;
    if (!isLate || options.missed === "once") {
      started = await run({ due: new Date(last), missed: count - 1 }, started);
    }
    // Another may lead by now: what it did must not be undone.
    signal.throwIfAborted();
    state = { line, done: last, run: started };
    await write(state);
  }
}

/** The last due time that is over, and how many are. */
function lastOf(first: number, now: number, nextDue: NextDue): { readonly last: number; readonly count: number } {
  let last = first;
  let count = 1;
  for (let next = nextDue(last); next !== undefined && next <= now; next = nextDue(last)) {
    if (next <= last) throw new HadronError("INTERNAL", "A schedule does not go on.");
    last = next;
    count++;
    if (count === MOST_MISSED) {
      // Years of seconds: the rest is skipped without being counted.
      return { last: previousOf(now, last, nextDue), count };
    }
  }
  return { last, count };
}

/** Some due time not after now, as late as can be found by halving. */
function previousOf(now: number, known: number, nextDue: NextDue): number {
  let low = known;
  let high = now;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const next = nextDue(middle);
    if (next !== undefined && next <= now) low = next;
    else high = middle;
  }
  return low;
}
