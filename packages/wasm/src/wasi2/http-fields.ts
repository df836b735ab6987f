import { Failure } from "./failure.ts";

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** `wasi:http/types`: names and values, in their order. */
export class Fields {
  readonly #entries: [string, Uint8Array][] = [];

  static fromList(entries: readonly (readonly [string, Uint8Array])[]): Fields {
    const fields = new Fields();
    for (const [name, value] of entries) fields.append(name, value);
    return fields;
  }

  static of(entries: readonly (readonly [string, string])[]): Fields {
    return Fields.fromList(entries.map(([name, value]) => [name, encoder.encode(value)]));
  }

  get(name: string): Uint8Array[] {
    return this.#entries.flatMap(([other, value]) => (isSame(other, name) ? [value] : []));
  }

  has(name: string): boolean {
    return this.#entries.some(([other]) => isSame(other, name));
  }

  set(name: string, values: readonly Uint8Array[]): void {
    this.delete(name);
    for (const value of values) this.append(name, value);
  }

  delete(name: string): void {
    const kept = this.#entries.filter(([other]) => !isSame(other, name));
    this.#entries.splice(0, this.#entries.length, ...kept);
  }

  append(name: string, value: Uint8Array): void {
    // Neither a header of two lines nor one that ends the head.
    if (!NAME.test(name) || value.some((byte) => byte === 10 || byte === 13 || byte === 0)) {
      throw new Failure({ tag: "invalid-syntax" });
    }
    this.#entries.push([name, value]);
  }

  entries(): [string, Uint8Array][] {
    return this.#entries.map(([name, value]) => [name, value]);
  }

  clone(): Fields {
    return Fields.fromList(this.#entries);
  }

  /** As texts, names in lower case. */
  toTexts(): [string, string][] {
    return this.#entries.map(([name, value]) => [name.toLowerCase(), decoder.decode(value)]);
  }
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}
