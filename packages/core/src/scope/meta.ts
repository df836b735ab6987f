import { HadronError } from "../errors.ts";

/**
 * What travels with a call and down its whole tree, beside the input: a tenant, a locale, an experiment. Outside it is the
 * header `baggage` (W3C). Keys are letters, digits and any of `!#$%&'*+-.^_|~` and the back-tick; values any text; 8 KiB in all.
 */
export type Meta = Readonly<Record<string, string>>;

/** What a call adds to the metadata of the handler that makes it; undefined takes a key out. */
export type MetaChange = Readonly<Record<string, string | undefined>>;

/** The most that a call carries, as W3C Baggage asks of everybody who passes it on. */
export const MOST_META_BYTES = 8192;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NONE: Meta = Object.freeze({});

/**
 * Adds metadata to what there is. Both are kept as they travel, in the form of the header `baggage`: what nobody looks at
 * is passed on as it came. W3C Baggage, https://www.w3.org/TR/baggage/.
 *
 * WRONG_USE where a key is no token or a value no string, TOO_LARGE above {@link MOST_META_BYTES}.
 */
export function addMeta(before: string | undefined, change: MetaChange): string | undefined {
  const merged: Record<string, string | undefined> = { ...decodeMeta(before), ...change };
  const members: string[] = [];
  for (const [key, value] of Object.entries(merged)) {
    if (value === undefined) continue;
    if (!TOKEN.test(key)) {
      throw new HadronError(
        "WRONG_USE",
        `meta: "${key}" cannot be a key; use letters, digits and any of !#$%&'*+-.^_\`|~.`,
      );
    }
    if (typeof value !== "string") {
      throw new HadronError("WRONG_USE", `meta: "${key}" is ${typeof value}, and should be a string.`);
    }
    members.push(`${key}=${encodeURIComponent(value.toWellFormed())}`);
  }
  const text = members.join(",");
  if (text.length > MOST_META_BYTES) {
    throw new HadronError(
      "TOO_LARGE",
      `meta: ${text.length} bytes, of which a call carries at most ${MOST_META_BYTES}, what its handler was given included; send it as input.`,
    );
  }
  return text === "" ? undefined : text;
}

/** Reads metadata as it travels. What is malformed is left out: it came from outside, and says nothing. */
export function decodeMeta(text: string | undefined): Meta {
  if (text === undefined) return NONE;
  const entries: [string, string][] = [];
  for (const member of text.split(",")) {
    // Properties of a member, behind a semicolon, are for those who pass it on.
    const [pair = ""] = member.split(";", 1);
    const equals = pair.indexOf("=");
    const key = pair.slice(0, equals).trim();
    if (equals > 0 && TOKEN.test(key)) entries.push([key, decode(pair.slice(equals + 1).trim())]);
  }
  // Own properties all of them, `__proto__` included.
  return Object.freeze(Object.fromEntries(entries));
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
