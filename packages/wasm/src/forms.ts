import { HadronError } from "@hadron/core";

/** How the bytes that go in and out of a module are written: as text in UTF-8, as JSON, or as they are. */
export type Form = "text" | "json" | "bytes";

export const FORMS: readonly Form[] = ["text", "json", "bytes"];

const decoder = new TextDecoder("utf-8", { fatal: true });

/** INVALID_INPUT where the input is not of that form. Nothing is no bytes. */
export function toBytes(label: string, form: Form, input: unknown): Uint8Array {
  if (input === undefined) return new Uint8Array();
  if (form === "json") return Buffer.from(JSON.stringify(input));
  if (form === "text" && typeof input === "string") return Buffer.from(input);
  if (form === "bytes" && input instanceof Uint8Array) return input;
  const wanted = form === "text" ? "text" : "bytes, as Uint8Array";
  throw new HadronError("INVALID_INPUT", `${label} takes ${wanted}, and was given ${typeof input}.`);
}

/** INVALID_OUTPUT where the bytes are not of that form. */
export function fromBytes(label: string, form: Form, bytes: Uint8Array): unknown {
  if (form === "bytes") return bytes;
  try {
    const text = decoder.decode(bytes);
    return form === "text" ? text : JSON.parse(text);
  } catch (error) {
    const wanted = form === "text" ? 'no text in UTF-8: say { output: "bytes" }' : "no JSON";
    throw new HadronError("INVALID_OUTPUT", `${label}: what it wrote is ${wanted}.`, { cause: error });
  }
}
