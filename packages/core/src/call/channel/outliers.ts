import type { Clock } from "../../clock/clock.ts";
import type { Peer } from "./peer.ts";

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
  readonly #peers: readonly Peer[];
  readonly #clock: Clock;
  #windowEndsAt = 0;

  constructor(peers: readonly Peer[], clock: Clock) {
    this.#clock = clock;
    this.#peers = peers;
  }

  /** A peer has answered, after so many milliseconds. */
  answered(peer: Peer, ms: number, now: number): void {
    peer.failuresInRow = 0;
    if (peer.probing) {
      peer.probing = false;
      if (ms > peer.probeLimitMs) {
        this.#eject(peer, now, peer.probeLimitMs);
        return;
      }
      peer.ejectedUntil = 0;
      peer.ejections = 0;
    }
    peer.windowCalls++;
    peer.windowMs += ms;
    if (now >= this.#windowEndsAt) this.#judge(now);
  }

  /** A call to it failed in a way that is its own fault: it broke, was silent, or said that it is unavailable. */
  failed(peer: Peer): void {
    peer.failuresInRow++;
    if (peer.probing || peer.failuresInRow >= MOST_FAILURES_IN_ROW) {
      peer.probing = false;
      this.#eject(peer, this.#clock.now(), Number.POSITIVE_INFINITY);
    }
  }

  /** It answered, with an error of the handler's. */
  refused(peer: Peer): void {
    peer.failuresInRow = 0;
    peer.probing = false;
  }

  /** A call to it ended without telling anything of it. */
  ended(peer: Peer): void {
    // Its probe said nothing: the next call is one.
    peer.probing = false;
  }

  #eject(peer: Peer, now: number, probeLimitMs: number): void {
    if (peer.ejectedUntil > now) return;
    const others = this.#peers.filter((one) => one !== peer && one.member.state === "ready");
    const ejected = others.filter((one) => one.ejectedUntil !== 0).length;
    const failing = others.filter((one) => one.failuresInRow > 0).length;
    if (ejected + 1 > (others.length + 1) / 2 || failing > others.length / 2) {
      peer.ejectedUntil = 0;
      return;
    }
    peer.ejections++;
    peer.ejectedUntil = now + Math.min(MOST_EJECT_MS, EJECT_MS * 2 ** (peer.ejections - 1));
    peer.probeLimitMs = probeLimitMs;
    peer.failuresInRow = 0;
    peer.windowCalls = peer.windowMs = 0;
  }

  /** Ejects the slowest, if it is slow. */
  #judge(now: number): void {
    this.#windowEndsAt = now + WINDOW_MS;
    const known = this.#peers.filter((one) => one.windowCalls >= ENOUGH_CALLS && one.ejectedUntil === 0);
    const means = known.map((one) => one.windowMs / one.windowCalls);
    for (const one of known) one.windowCalls = one.windowMs = 0;
    if (known.length < 2) return;
    const worst = means.indexOf(Math.max(...means));
    const others = means.filter((_, index) => index !== worst).sort((a, b) => a - b);
    const usual = others[Math.floor(others.length / 2)]!;
    const limit = Math.max(usual * SLOW_FACTOR, usual + SLOW_MS);
    if (means[worst]! > limit) this.#eject(known[worst]!, now, limit);
  }
}
