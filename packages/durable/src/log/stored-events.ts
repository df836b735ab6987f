import { fromStored, type RunEvent, toStored } from "@hadron/resources/store";
import type { LogEvent } from "./events.ts";

/** An event as the store keeps it. */
export function toRunEvent(event: LogEvent): RunEvent {
  const { type, at } = event;
  const command = "command" in event ? event.command : undefined;
  return { type, command, at: Math.floor(at), body: toStored(event, "an event", Number.POSITIVE_INFINITY) };
}

export function fromRunEvent({ body }: RunEvent): LogEvent {
  return fromStored(body, "An event", { views: true }) as LogEvent;
}
