import { frameFor } from "../engine/frame.ts";

/** The time of the last event that the program was given: in a replay, too. `Date.now()` in a program says the same. */
export function now(): Date {
  return new Date(frameFor("now").now());
}

/** From 0 to below 1: in a replay, the same numbers. `Math.random()` in a program draws from the same. */
export function random(): number {
  return frameFor("random").random();
}

/** A UUID, version 4, that nobody guesses: in a replay, the same ones. `crypto.randomUUID()` in a program gives the same. */
export function uuid(): string {
  return frameFor("uuid").uuid();
}
