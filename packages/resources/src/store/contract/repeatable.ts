import type { Operation } from "./operations.ts";
import type { RunNext } from "./run-operations.ts";

/**
 * Whether an operation that comes a second time, because its answer was lost, does nothing more: a renewal, or what finds by itself that
 * it was done. Of others the answer is kept. These are most of what a store is sent.
 */
export function isRepeatable(operation: Operation): boolean {
  switch (operation.kind) {
    case "renew":
    case "extend":
    case "keep-runs":
    // Who releases a lock that he has no more is told so, and has nothing to do.
    case "release":
      return true;
    case "start-run":
      return operation.owner !== undefined;
    case "append-run":
      return goesOn(operation.next) && operation.events.length > 0;
    default:
      return false;
  }
}

/** Whether the last event of an append stays the last of its log until its owner has heard of it. */
export function goesOn({ state }: RunNext): boolean {
  return state === "owned" || state === "ended";
}
