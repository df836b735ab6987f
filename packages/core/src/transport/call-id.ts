import type { Clock } from "../clock/clock.ts";

/** Names where calls are numbered, a connection say, among all: 64 random bits, so that no two are likely to meet. */
export function createCallIdPrefix(clock: Clock): string {
  return half(clock) + half(clock);
}

/** The id of a call among all calls. Both ends of a connection can make it, so that no byte of it crosses the wire. */
export function toCallId(prefix: string, number: number): string {
  return `${prefix}-${number.toString(36)}`;
}

function half(clock: Clock): string {
  return Math.floor(clock.random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}
