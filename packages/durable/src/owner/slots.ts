import { HadronError } from "@hadron/core";

/** Which runs of a program share a limit, and what it is. */
export interface Slots {
  /** How many of a slot may have begun and not be over. */
  readonly limit: number;
  /** How many of a slot there may be, those that wait included; undefined: as many as come. */
  readonly most: number | undefined;
  slotOf(input: any): string | number;
}

/** INVALID_INPUT where the key of an input is none. */
export function slotOf(slots: Slots, input: unknown): string {
  const key: unknown = slots.slotOf(input);
  const slot = String(key);
  const isKey = typeof key === "string" || typeof key === "number";
  if (isKey && slot.length <= 512 && slot.isWellFormed() && !slot.includes("\0")) return slot;
  throw new HadronError(
    "INVALID_INPUT",
    `concurrency.key gives ${JSON.stringify(key)} for this input: a text of at most 512 characters, or a number, is expected.`,
  );
}
