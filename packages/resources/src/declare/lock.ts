import { defineResource, type Resource } from "@hadron/core/spi";
import { findStore } from "../client/find-store.ts";
import { LockHandle } from "../lock/lock.ts";
import { store } from "../store/service/store-service.ts";
import { checkMs, checkOptions } from "./options.ts";

/** How a lock is declared. */
export interface LockOptions {
  /** How long a holder that is not heard of keeps it, in milliseconds. @default 15 000 */
  readonly leaseMs?: number;
}

/** A lock, as a resource. */
export type Lock = LockHandle & Resource;

/**
 * Declares a lock by name: of all replicas of all services one holds it at a time. A holder that dies loses it when its lease
 * is over; one that hangs or is cut off is told by its `signal` before that, and what it writes late under its token is refused.
 *
 * INVALID_DECLARATION if the name is no DNS name, or an option is out of range.
 *
 * @example
 * const importing = lock("import", { leaseMs: 15_000 });
 * await importing.hold(async ({ token, signal }) => { … }, { waitMs: 5_000 });
 */
export function lock(name: string, options: LockOptions = {}): Lock {
  const of = `lock("${name}")`;
  checkOptions(of, options, ["leaseMs"]);
  const leaseMs = checkMs(of, "leaseMs", options.leaseMs ?? 15_000);
  const made: LockHandle = new LockHandle({ name, leaseMs }, () => findStore(made));
  return defineResource(made, { kind: "lock", name, keeper: store, options: { leaseMs } });
}
