import { HadronError } from "@hadron/core";
import { fromStored, toStored } from "@hadron/resources/store";

/** What an external function asks for, as it waits for somebody who does it. */
export interface ExternalWork {
  /** Whose command waits for it. */
  readonly program: string;
  readonly id: string;
  readonly command: number;
  /** The same in all attempts. */
  readonly key: string;
  readonly input: Uint8Array;
  /** How often it is given out. */
  readonly attempts: number;
  readonly leaseMs: number;
  readonly backoffMs: number;
}

/** The queue in which an external function's work waits. */
export function queueOf(name: string): string {
  return `external/${name}`;
}

/** WRONG_USE where it is no name of an external function. */
export function checkName(name: unknown): string {
  if (typeof name === "string" && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw new HadronError(
    "WRONG_USE",
    `external(${JSON.stringify(name)}): its name should be 1 to 63 small letters, digits and hyphens.`,
  );
}

export function toWorkBody(work: ExternalWork): Uint8Array {
  return toStored(work, "external work", Number.POSITIVE_INFINITY);
}

export function fromWorkBody(body: Uint8Array): ExternalWork {
  return fromStored(body, "External work") as ExternalWork;
}
