import type { Batch } from "../contract/driver.ts";
import type { Outcome } from "../contract/operations.ts";
import { isRepeatable } from "../contract/repeatable.ts";
import { fromText, toText } from "./text.ts";

/** Batches as `hadron.commit` takes them. */
export interface CommitForm {
  /** JSON. A value's bytes are `[from, length]` of `bodies`. */
  readonly batches: string;
  readonly bodies: Buffer;
}

export function toCommitForm(batches: readonly Batch[]): CommitForm {
  const bodies: Uint8Array[] = [];
  let length = 0;
  // Of a Buffer, `toJSON` comes before the replacer: so it looks at what holds it.
  function place(this: Readonly<Record<string, unknown>>, key: string, made: unknown): unknown {
    const value = this[key];
    if (!(value instanceof Uint8Array)) return made;
    const from = length;
    bodies.push(value);
    length += value.length;
    return [from, value.length];
  }
  const form = batches.map(({ client, number, settled, operations }) =>
    operations.every(isRepeatable) ? { operations } : { client, number, settled, operations },
  );
  const plain = JSON.stringify(form, place);
  const text = /\\u(?:000[01]|d[89a-f])/i.test(plain) ? escaped(plain) : plain;
  return { batches: text, bodies: Buffer.concat(bodies, length) };
}

function escaped(plain: string): string {
  return JSON.stringify(JSON.parse(plain, (_, value) => (typeof value === "string" ? toText(value) : value)));
}

/** What `hadron.commit` answers, as outcomes of these batches. */
export function fromCommitForm(text: string, batches: readonly Batch[]): readonly (readonly Outcome[])[] {
  const all = JSON.parse(text, (key, value) => {
    if (typeof value !== "string") return value;
    return key === "body" ? new Uint8Array(Buffer.from(value, "hex")) : fromText(value);
  }) as readonly (readonly Outcome[])[];
  if (all.length !== batches.length) throw new Error(`${all.length} answers to ${batches.length} batches`);
  return all;
}
