import type { Clock, Timer } from "../../clock/clock.ts";
import { HadronError } from "../../errors.ts";
import { Scope } from "../../scope/scope.ts";
import { Budget } from "./budget.ts";
import { Latencies } from "./latencies.ts";

/** Extra calls per call, and what can be saved up of them. */
const SHARE = 0.07;
const MOST_SAVED = 7;

/** Makes one try. */
export type Leg = (scope: Scope) => Promise<unknown>;

/**
 * Second tries for one procedure: after the 95th percentile of its latency, or a given delay, another replica is asked as
 * well, and the loser is cancelled. J. Dean and L. A. Barroso, "The Tail at Scale", CACM 56 (2), 2013.
 */
export class Hedge {
  calls = 0;
  hedged = 0;
  won = 0;
  readonly #clock: Clock;
  readonly #latencies = new Latencies(0.95);
  readonly #budget = new Budget(SHARE, MOST_SAVED);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The measured percentile; undefined while it is not known. */
  get afterMs(): number | undefined {
    return this.#latencies.value;
  }

  /**
   * @param afterMs How long to wait for the first; undefined: as measured, and not at all before it is.
   * @param first Makes the call.
   * @param second Makes it again at another replica; undefined: there is none now.
   */
  call(scope: Scope, afterMs: number | undefined, first: Leg, second: () => Leg | undefined): Promise<unknown> {
    this.calls++;
    const startedAt = this.#clock.now();
    const delayMs = afterMs ?? this.#latencies.value;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const legs: Scope[] = [];
    let open = 0;
    let over = false;
    let firstError: unknown;
    let timer: Timer | undefined;
    const settle = (winner: Scope | undefined, done: () => void) => {
      over = true;
      this.#clock.cancel(timer);
      for (const leg of legs) {
        if (leg !== winner) leg.cancel(new HadronError("CANCELLED", "Another replica answered first."));
        leg.end();
      }
      done();
    };
    const run = (leg: Leg, isFirst: boolean) => {
      const { clock, deadlineAt, trace } = scope;
      const own = new Scope({ clock, deadlineAt, trace, parent: scope });
      legs.push(own);
      open++;
      leg(own).then(
        (output) => {
          if (over) return;
          // Of a first that lost, all that is known is that it took longer: longer than the percentile, which that is for.
          this.#latencies.add(this.#clock.now() - startedAt);
          if (!isFirst) this.won++;
          settle(own, () => resolve(output));
        },
        (error) => {
          open--;
          if (over) return;
          firstError ??= error;
          // What a handler says is an answer; only a replica that is in trouble leaves hope for the other.
          if (open > 0 && isTrouble(error)) return;
          settle(own, () => reject(isTrouble(error) ? firstError : error));
        },
      );
    };
    run(first, true);
    if (delayMs === undefined) return promise;
    timer = this.#clock.after(Math.ceil(delayMs), () => {
      if (over || scope.error !== undefined) return;
      const leg = second();
      if (leg === undefined || !this.#budget.spend(this.calls)) return;
      this.hedged++;
      run(leg, false);
    });
    return promise;
  }
}

function isTrouble(error: unknown): boolean {
  return error instanceof HadronError && (error.code === "UNAVAILABLE" || error.code === "OVERLOADED");
}
