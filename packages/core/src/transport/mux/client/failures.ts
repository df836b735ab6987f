import { type ErrorData, fromErrorData, HadronError, inWords } from "../../../errors.ts";
import { MOST_BUFFERED_BYTES } from "../link/outbox.ts";
import type { Decoder } from "../values/decoder.ts";

/** The other side takes no further bytes. */
export function doesNotRead(where: string, bufferedBytes: number): HadronError {
  const text = `${where} does not read: ${bufferedBytes} bytes wait for it, and ${MOST_BUFFERED_BYTES} may; try again, or another replica.`;
  return new HadronError("OVERLOADED", text, { unsent: true });
}

/** The other side said that it did not run the call, and will not. */
export function refused(where: string): HadronError {
  const text = `${where} did not take the call: it is being stopped, or too much waits in its connection; try again, or another replica.`;
  return new HadronError("UNAVAILABLE", text, { unsent: true });
}

/** The connection takes no calls, or no longer. */
export function notCallable(where: string, why: string): HadronError {
  return new HadronError("UNAVAILABLE", `${where} cannot be called: ${why}.`, { unsent: true });
}

/** The connection ended after something of the call was handed to it. */
export function interrupted(procedure: string, where: string, why: string, path: readonly string[]): HadronError {
  const text = `${procedure} of ${where} was under way when ${why}; whether it ran is not known.`;
  return new HadronError("UNAVAILABLE", text, { path });
}

export function unreadableOutput(procedure: string, where: string, cause: unknown): HadronError {
  const text = `The output of ${procedure} of ${where} cannot be read: ${inWords(cause)}`;
  return new HadronError("INVALID_OUTPUT", text, { cause });
}

export function outputTooLarge(procedure: string, peer: string, bytes: number, limitBytes: number): HadronError {
  const text = `The output of ${procedure} of ${peer} is ${bytes} bytes, and ${limitBytes} are accepted; raise limits.outputBytes of the service, or send less.`;
  return new HadronError("TOO_LARGE", text);
}

/** Reads the error that a callee sent. */
export function readError(decoder: Decoder, where: string, bytes: Buffer, start: number, end: number): HadronError {
  try {
    return fromErrorData(decoder.decode(bytes, start, end) as ErrorData);
  } catch (cause) {
    return new HadronError("INTERNAL", `${where} answered with an error that cannot be read.`, { cause });
  }
}
