/** A value shorter than this would be found in too much of what is no secret. */
const LEAST_HIDDEN = 4;

/** What one replica, or a test, is given beside its code: the values of its secrets, and what was captured. */
export class GivenValues {
  readonly #secrets: ReadonlyMap<string, string>;
  readonly #captures: ReadonlyMap<string, unknown>;
  /** The longest first: one secret may be part of another. */
  readonly #hidden: readonly (readonly [text: string, shown: string])[];

  constructor(secrets: ReadonlyMap<string, string> = new Map(), captures: ReadonlyMap<string, unknown> = new Map()) {
    this.#secrets = secrets;
    this.#captures = captures;
    this.#hidden = [...secrets]
      .filter(([, value]) => value.length >= LEAST_HIDDEN)
      .flatMap(([name, value]) => formsOf(value).map((form) => [form, `[secret ${name}]`] as const))
      .sort(([a], [b]) => b.length - a.length);
  }

  secret(name: string): string | undefined {
    return this.#secrets.get(name);
  }

  hasCapture(name: string): boolean {
    return this.#captures.has(name);
  }

  capture(name: string): unknown {
    return this.#captures.get(name);
  }

  /** A text without the values of secrets of four characters or more: `[secret NAME]` in their place. */
  hide(text: string): string {
    let hidden = text;
    for (const [value, shown] of this.#hidden) if (hidden.includes(value)) hidden = hidden.replaceAll(value, shown);
    return hidden;
  }
}

/** As it is, and as it stands in a line of JSON. */
function formsOf(value: string): readonly string[] {
  return [...new Set([value, JSON.stringify(value).slice(1, -1)])];
}
