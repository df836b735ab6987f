/**
 * Calls back when all microtasks have run, before anything else of this process does: ticks that were set by a microtask
 * come after all of them, and before the next macrotask. So what a program does because of one event can be told from what
 * it does because of anything else.
 */
export function whenDrained(run: () => void): void {
  queueMicrotask(() => process.nextTick(run));
}
