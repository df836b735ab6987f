import { HadronError } from "@hadron/core";

/** The fields of a body of JSON, each read once and checked. INVALID_INPUT names the one that is not as it should be. */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(body: Uint8Array) {
    let value: unknown;
    try {
      value = body.length === 0 ? {} : JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    } catch (cause) {
      throw new HadronError("INVALID_INPUT", `The body is no JSON: ${(cause as Error).message}.`, { cause });
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new HadronError("INVALID_INPUT", "The body should be an object of JSON.");
    }
    this.#fields = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  text(name: string, otherwise?: string): string {
    const value = this.has(name) ? this.#fields[name] : otherwise;
    return typeof value === "string" ? value : this.#refuse(name, "a text");
  }

  texts(name: string): readonly string[] {
    const value = this.has(name) ? this.#fields[name] : [];
    const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
    return isList ? value : this.#refuse(name, "a list of texts");
  }

  numbers(name: string): readonly number[] {
    const value = this.has(name) ? this.#fields[name] : [];
    const isList = Array.isArray(value) && value.every((item) => Number.isInteger(item));
    return isList ? value : this.#refuse(name, "a list of whole numbers");
  }

  number(name: string): number | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#fields[name];
    return typeof value === "number" && value > 0 ? value : this.#refuse(name, "a number above 0");
  }

  isTrue(name: string): boolean {
    return this.#fields[name] === true;
  }

  base64(name: string): Uint8Array {
    const text = this.text(name, "");
    if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) this.#refuse(name, "base64");
    return Buffer.from(text, "base64");
  }

  #refuse(name: string, wanted: string): never {
    throw new HadronError("INVALID_INPUT", `"${name}" should be ${wanted}.`);
  }
}
