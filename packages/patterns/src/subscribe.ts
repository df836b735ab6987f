import type { Part } from "@hadron/core";
import type { WorkSource } from "@hadron/core/spi";
import {
  type AnyOptions,
  type AnyWork,
  type ConsumeContext,
  type ConsumeOptions,
  type TransactionalContext,
  type TransactionalOptions,
  workOn,
} from "./consume.ts";

/**
 * Works on a topic's messages: each is given to one replica of this service, whatever other services subscribe. It is tried
 * again, and ends as a dead letter, as {@link consume} has it; with `{ tx }`, too.
 *
 * INVALID_DECLARATION if the source is no topic, or an option is out of range.
 *
 * @example
 * export const audit = service("audit", subscribe(placed, async (order) => …));
 */
export function subscribe<T, X>(
  topic: WorkSource<T>,
  handler: (message: T, context: TransactionalContext<X>) => unknown,
  options: TransactionalOptions<X>,
): Part<{}>;
export function subscribe<T>(
  topic: WorkSource<T>,
  handler: (message: T, context: ConsumeContext) => unknown,
  options?: ConsumeOptions,
): Part<{}>;
export function subscribe<T, X>(topic: WorkSource<T>, handler: AnyWork<T, X>, options: AnyOptions<X> = {}): Part<{}> {
  return workOn("subscribe", topic, handler, options);
}
