import { ambient } from "./ambient.ts";

/**
 * Gives the running handler's call so much time from now, within what its caller gave it; its signal and the calls that it
 * makes follow. Without an argument: all that its caller gave it. Outside of a handler it does nothing.
 */
export function giveTime(ms?: number): void {
  ambient.getStore()?.scope?.renew(ms);
}

/**
 * Gives the running handler's call so much time until its answer begins, within what its caller gave it. Calls that it makes may last
 * longer: `giveTime()` says that it has begun. Outside of a handler it does nothing.
 */
export function beginWithin(ms: number): void {
  ambient.getStore()?.scope?.beginWithin(ms);
}
