import type { Clockwork } from "../../clock/clockwork.ts";
import { createSystemClock } from "../../clock/system-clock.ts";
import { VirtualClock } from "../../clock/virtual-clock.ts";
import { VirtualTime } from "../../clock/virtual-time.ts";
import { HadronError } from "../../errors.ts";

/** The time and chance of an app under test. */
export interface TestTime {
  /** The test's own, and of all that is between replicas. */
  readonly clock: Clockwork;
  readonly isVirtual: boolean;
  /** Of one replica, since its latest start: a number that counts them. */
  clockOf(replica: string, start: number): Clockwork;
  /** Lets time move while something is waited for. */
  during<T>(wait: Promise<T>): Promise<T>;
  /** See `StartedApp.advance`. */
  advance(duration: number | string): Promise<void>;
}

/** This machine's. */
export class RealTestTime implements TestTime {
  readonly clock = createSystemClock();
  readonly isVirtual = false;

  clockOf(): Clockwork {
    return this.clock;
  }

  during<T>(wait: Promise<T>): Promise<T> {
    return wait;
  }

  advance(): Promise<void> {
    const text = 'Time is the machine\'s here; only virtual time can be moved: start(…, { time: "virtual" }).';
    return Promise.reject(new HadronError("FAILED_PRECONDITION", text));
  }
}

/** Virtual, with a seed for each replica. */
export class VirtualTestTime implements TestTime {
  readonly clock: Clockwork;
  readonly isVirtual = true;
  readonly #time = new VirtualTime();
  readonly #seed: string;

  constructor(seed: number | string) {
    this.#seed = String(seed);
    this.clock = new VirtualClock(this.#time, this.#seed);
  }

  clockOf(replica: string, start: number): Clockwork {
    return new VirtualClock(this.#time, `${this.#seed} ${replica} ${start}`);
  }

  during<T>(wait: Promise<T>): Promise<T> {
    return wait.finally(this.#time.hold());
  }

  async advance(duration: number | string): Promise<void> {
    await this.#time.advance(toMilliseconds(duration));
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function toMilliseconds(duration: number | string): number {
  const found = typeof duration === "number" ? undefined : /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  const ms = typeof duration === "number" ? duration : Number(found?.[1]) * (UNITS[found?.[2] ?? ""] ?? Number.NaN);
  if (ms >= 0 && ms !== Number.POSITIVE_INFINITY) return ms;
  throw new HadronError(
    "WRONG_USE",
    `advance("${duration}"): that is no duration; write milliseconds, or a number with ms, s, m, h or d, as "90s".`,
  );
}
