import { HadronError } from "@hadron/core";

/** What a program says of when its runs begin, and how long they are kept. */
export interface Limits {
  /** @default no limit */
  readonly slots: Slots | undefined;
  /** So many runs begin in any time of that length. */
  readonly rate: { readonly limit: number; readonly perMs: number } | undefined;
  /** How long a run that is over is kept; null: for ever. */
  readonly keepMs: number | null;
  /** @default 0 for each */
  readonly priorityOf: ((input: any) => number) | undefined;
}

/** Which runs of a program share a limit, and what it is. */
export interface Slots {
  /** How many of a slot have a place at once. */
  readonly limit: number;
  /** How many of a slot there may be, those that wait for their turn included; undefined: as many as come. */
  readonly most: number | undefined;
  /** Whether a run that rests, or is paused, keeps its place. */
  readonly keepsPlace: boolean;
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

/** INVALID_INPUT where the priority of an input is no number. */
export function priorityOf({ priorityOf: of }: Limits, input: unknown): number {
  const priority: unknown = of === undefined ? 0 : of(input);
  if (typeof priority === "number" && Number.isFinite(priority)) return priority;
  throw new HadronError("INVALID_INPUT", `priority gives ${String(priority)} for this input: a number is expected.`);
}
