import { isHadronError, type Log } from "@hadron/core";
import { type NextDue, toNextDue } from "@hadron/resources";
import type { Guests } from "../guests/guests.ts";
import type { ScheduleRecord } from "../kept/records.ts";
import type { Registry } from "../kept/registry.ts";

const LOOKS_MS = 500;
/** Of due times that were missed, so many are passed over one by one. */
const MOST_MISSED = 1000;

export interface SchedulesParts {
  readonly registry: Registry;
  readonly guests: Guests;
  readonly log: Log;
  readonly now: () => number;
}

/** Calls modules when they are due: whichever replica marks a due time first does. What was missed is made up for once. */
export class Schedules {
  readonly #parts: SchedulesParts;
  readonly #lines = new Map<string, NextDue>();

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
  }

  async keep(signal: AbortSignal, pause: (ms: number) => Promise<void>): Promise<void> {
    const running = new Set<Promise<void>>();
    while (!signal.aborted) {
      for (const [id, schedule] of this.#parts.registry.all("schedule/")) {
        try {
          if (!(await this.#claim(id, schedule))) continue;
        } catch (error) {
          // The store is away: it is due still when that is back.
          if (!isHadronError(error)) throw error;
          continue;
        }
        const run = this.#run(schedule, signal).finally(() => running.delete(run));
        running.add(run);
      }
      await pause(LOOKS_MS);
    }
    await Promise.all(running);
  }

  /** Whether it is due, and nobody else had it. */
  async #claim(id: string, schedule: ScheduleRecord): Promise<boolean> {
    const { registry, now } = this.#parts;
    const done = registry.known("done/", id);
    const next = this.#nextDue(schedule);
    if (done === undefined || (next(done.at) ?? Number.POSITIVE_INFINITY) > now()) return false;
    const found = await registry.store.entry(`done/${id}`);
    if (found === undefined) return false;
    const { at } = found.value as { readonly at: number };
    const due = lastDue(next, at, now());
    if (due === undefined) return false;
    try {
      await registry.store.set(`done/${id}`, { at: due }, { ifVersion: found.version });
      return true;
    } catch (error) {
      if (isHadronError(error) && error.code === "ABORTED") return false;
      throw error;
    }
  }

  async #run({ name, start, data }: ScheduleRecord, signal: AbortSignal): Promise<void> {
    const { guests, log } = this.#parts;
    try {
      const { result } = await guests.call({ name, start, input: Buffer.from(data) }, { signal, log });
      if (result !== 0 && start === "_start") log.error(`The schedule of "${name}" ended with exit status ${result}.`);
    } catch (error) {
      log.error(`The schedule of "${name}" failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #nextDue({ cron, timezone }: ScheduleRecord): NextDue {
    const line = `${cron} ${timezone}`;
    const next = this.#lines.get(line) ?? toNextDue(cron, timezone);
    this.#lines.set(line, next);
    return next;
  }
}

/** The last due time behind `done` and not after `now`; undefined where there is none. */
function lastDue(next: NextDue, done: number, now: number): number | undefined {
  let last: number | undefined;
  let at = next(done);
  for (let count = 0; at !== undefined && at <= now; count++) {
    last = at;
    if (count === MOST_MISSED) return now;
    at = next(at);
  }
  return last;
}
