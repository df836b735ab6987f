import type { Part } from "@hadron/core";
import type { WorkSource } from "@hadron/core/spi";
import { type ConsumeContext, type ConsumeOptions, workOn } from "./consume.ts";

/**
 * Works on a topic's messages: each is given to one replica of this service, whatever other services subscribe. It is tried
 * again, and ends as a dead letter, as {@link consume} has it.
 *
 * INVALID_DECLARATION if the source is no topic, or an option is out of range.
 *
 * @example
 * export const audit = service("audit", subscribe(placed, async (order) => …));
 */
export function subscribe<T>(
  topic: WorkSource<T>,
  handler: (message: T, context: ConsumeContext) => unknown,
  options: ConsumeOptions = {},
): Part<{}> {
  return workOn("subscribe", topic, handler, options);
}
