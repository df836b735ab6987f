import { ambient } from "./ambient.ts";

/**
 * Gives the running handler's call so much time from now, within what its caller gave it; its signal and the calls that it
 * makes follow. Without an argument: all that its caller gave it. Outside of a handler it does nothing.
 */
export function giveTime(ms?: number): void {
  ambient.getStore()?.scope?.renew(ms);
}
