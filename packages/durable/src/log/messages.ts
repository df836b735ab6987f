import { fromStored, toStored } from "@hadron/resources/store";
import type { Outcome } from "./events.ts";

/** What somebody who is not its owner tells a run. */
export type Message =
  | { readonly kind: "send"; readonly hook: string; readonly value: Uint8Array }
  | { readonly kind: "cancel"; readonly reason: string }
  /** A child, or the work of an external function, that it waits for is over. */
  | { readonly kind: "child"; readonly command: number; readonly outcome: Outcome }
  | { readonly kind: "kill" }
  | { readonly kind: "pause" };

export function toBody(message: Message): Uint8Array {
  return toStored(message, "a message", Number.POSITIVE_INFINITY);
}

export function fromBody(body: Uint8Array): Message {
  return fromStored(body, "A message") as Message;
}
