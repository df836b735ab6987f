import type { ErrorCode } from "@hadron/core";
import { GuestError } from "../guest/error.ts";
import { OutOfBounds } from "../guest/memory.ts";
import type { Log } from "../guest/output.ts";
import type { GuestEnd } from "../guest/protocol.ts";

/** So much of what a program that failed has said is in its error. */
const SHOWN_LOG = 500;

/** What comes of a call that failed. */
export function fail(log: Log, label: string, error: unknown): GuestEnd {
  const said = log.toString();
  const end = said.trim().slice(-SHOWN_LOG);
  const { code, reason } = inWords(error);
  const message = `${label}: ${reason}.${end === "" ? "" : ` It said: ${end}`}`;
  return { type: "failed", failure: { code, message }, log: said };
}

function inWords(error: unknown): { readonly code: ErrorCode; readonly reason: string } {
  if (error instanceof GuestError) return { code: error.code, reason: error.message };
  const code = "HANDLER_FAILED";
  if (error instanceof OutOfBounds) return { code, reason: `it pointed outside of its memory, ${error.message}` };
  if (error instanceof WebAssembly.RuntimeError) return { code, reason: `it trapped: ${error.message}` };
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return { code, reason: "it called itself too deeply: its stack is full" };
  }
  return { code, reason: error instanceof Error ? error.message : String(error) };
}
