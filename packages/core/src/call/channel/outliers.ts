import type { Clock } from "../../clock/clock.ts";
import type { Candidate } from "./candidate.ts";

/** So many failures in a row, and a replica is ejected. */
const MOST_FAILURES_IN_ROW = 5;
/** How long: so much times how often it was. */
const EJECT_MS = 1000;
const MOST_EJECT_MS = 30_000;
/** Latencies are compared over windows of this length, of replicas that answered so often in it. */
const WINDOW_MS = 1000;
const ENOUGH_CALLS = 10;
/** Slow is what takes so many times as long as the others, and so much longer. */
const SLOW_FACTOR = 3;
const SLOW_MS = 10;

/**
 * Finds those of a set of interchangeable replicas that fail, or are slow compared with the others, and keeps calls from
 * them for a while: a circuit breaker each, half-open when its time is over.
 *
 * I6: never more than half of a set is ejected. What hits more than half is no outlier.
 *
 * After the outlier detection of Envoy (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier)
 * and M. Nygard, "Release It!", 2007 (circuit breaker).
 */
export class Outliers {
  readonly #candidates: readonly Candidate[];
  readonly #clock: Clock;
  #windowEndsAt = 0;

  constructor(candidates: readonly Candidate[], clock: Clock) {
    this.#clock = clock;
    this.#candidates = candidates;
  }

  /** A candidate has answered, after so many milliseconds. */
  answered(candidate: Candidate, ms: number, now: number): void {
    candidate.failuresInRow = 0;
    if (candidate.probing) {
      candidate.probing = false;
      if (ms > candidate.probeLimitMs) {
        this.#eject(candidate, now, candidate.probeLimitMs);
        return;
      }
      candidate.ejectedUntil = 0;
      candidate.ejections = 0;
    }
    candidate.windowCalls++;
    candidate.windowMs += ms;
    if (now >= this.#windowEndsAt) this.#judge(now);
  }

  /** A call to it failed in a way that is its own fault: it broke, was silent, or said that it is unavailable. */
  failed(candidate: Candidate): void {
    candidate.failuresInRow++;
    if (candidate.probing || candidate.failuresInRow >= MOST_FAILURES_IN_ROW) {
      candidate.probing = false;
      this.#eject(candidate, this.#clock.now(), Number.POSITIVE_INFINITY);
    }
  }

  /** It answered, with an error of the handler's. */
  refused(candidate: Candidate): void {
    candidate.failuresInRow = 0;
    candidate.probing = false;
  }

  /** A call to it ended without telling anything of it. */
  ended(candidate: Candidate): void {
    // Its probe said nothing: the next call is one.
    candidate.probing = false;
  }

  #eject(candidate: Candidate, now: number, probeLimitMs: number): void {
    if (candidate.ejectedUntil > now) return;
    const others = this.#candidates.filter((other) => other !== candidate && other.member.state === "ready");
    const ejected = others.filter((other) => other.ejectedUntil !== 0).length;
    const failing = others.filter((other) => other.failuresInRow > 0).length;
    if (ejected + 1 > (others.length + 1) / 2 || failing > others.length / 2) {
      candidate.ejectedUntil = 0;
      return;
    }
    candidate.ejections++;
    candidate.ejectedUntil = now + Math.min(MOST_EJECT_MS, EJECT_MS * 2 ** (candidate.ejections - 1));
    candidate.probeLimitMs = probeLimitMs;
    candidate.failuresInRow = 0;
    candidate.windowCalls = candidate.windowMs = 0;
  }

  /** Ejects the slowest, if it is slow. */
  #judge(now: number): void {
    this.#windowEndsAt = now + WINDOW_MS;
    const known = this.#candidates.filter(
      ({ windowCalls, ejectedUntil }) => windowCalls >= ENOUGH_CALLS && ejectedUntil === 0,
    );
    const means = known.map(({ windowMs, windowCalls }) => windowMs / windowCalls);
    for (const candidate of known) candidate.windowCalls = candidate.windowMs = 0;
    if (known.length < 2) return;
    const worst = means.indexOf(Math.max(...means));
    const others = means.filter((_, index) => index !== worst).sort((a, b) => a - b);
    const usual = others[Math.floor(others.length / 2)]!;
    const limit = Math.max(usual * SLOW_FACTOR, usual + SLOW_MS);
    if (means[worst]! > limit) this.#eject(known[worst]!, now, limit);
  }
}
