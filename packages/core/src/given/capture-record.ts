import { HadronError } from "../errors.ts";
import { decodeValue, encodeValue } from "../transport/mux/values/codec.ts";

/** The file of captured values that are no secrets, beside the deployed topology. */
export const CAPTURES_FILE = "captures.json";

const MOST_BYTES = 256 * 1024;
/** These come as environment variables, of which a system takes 128 KiB each. */
const MOST_SECRET_BYTES = 64 * 1024;
const MOST_TOGETHER_BYTES = 768 * 1024;

/** A captured value as it is deployed. */
export interface CaptureRecord {
  /** The code and topology for which it was computed. */
  readonly of: string;
  /** The encoded value, as base64: the same value gives the same text. */
  readonly value: string;
}

/** By name. */
export type CaptureRecords = Readonly<Record<string, CaptureRecord>>;

/** The name under which a secret one is kept among secrets. */
export function captureVariable(name: string): string {
  return `HADRON_CAPTURE_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
}

/** What {@link writeRecords} wrote; nothing for no text, or one that is none of ours. */
export function readRecords(text: string | undefined): CaptureRecords {
  if (text === undefined) return {};
  try {
    const records: unknown = JSON.parse(text);
    return typeof records === "object" && records !== null ? (records as CaptureRecords) : {};
  } catch {
    return {};
  }
}

/** The records of an app as a text, in the order of their names. */
export function writeRecords(records: CaptureRecords): string {
  return JSON.stringify(Object.fromEntries(Object.entries(records).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** INVALID_DECLARATION with the path to what no call can carry; TOO_LARGE beyond what one may be. */
export function toRecord(name: string, isSecret: boolean, of: string, value: unknown): CaptureRecord {
  const own = `capture("${name}")`;
  let bytes: Uint8Array;
  try {
    bytes = encodeValue(value, own);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^The input of .* cannot be sent: /, "") : String(error);
    throw new HadronError("INVALID_DECLARATION", `${own} cannot be captured: ${why}`, { cause: error });
  }
  const most = isSecret ? MOST_SECRET_BYTES : MOST_BYTES;
  if (bytes.length > most) {
    throw new HadronError(
      "TOO_LARGE",
      `${own} is ${bytes.length} bytes, and may be ${most}: capture less, or take a file along (files: […]).`,
    );
  }
  return { of, value: Buffer.from(bytes).toString("base64") };
}

/** TOO_LARGE where all of an app are too much together; the largest are named. */
export function checkTogether(records: CaptureRecords): void {
  const sizes = Object.entries(records).map(([name, { value }]) => [name, Buffer.byteLength(value, "base64")] as const);
  const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
  if (bytes <= MOST_TOGETHER_BYTES) return;
  const largest = sizes.sort(([, a], [, b]) => b - a).slice(0, 3);
  throw new HadronError(
    "TOO_LARGE",
    `The captured values are ${bytes} bytes together, and may be ${MOST_TOGETHER_BYTES}; the largest are ` +
      `${largest.map(([name, size]) => `${name} (${size})`).join(", ")}.`,
  );
}

/** A captured value as code sees it: frozen, with all that is in it. */
export function fromRecord({ value }: CaptureRecord): unknown {
  return freeze(decodeValue(Buffer.from(value, "base64")));
}

/** Bytes cannot be frozen. */
function freeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
