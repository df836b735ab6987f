import { type ErrorData, HadronError, inWords } from "../../../errors.ts";
import type { Dispatcher, Hello } from "../../transport.ts";
import { explainNotEncodable } from "../values/explain.ts";

/** A longer message of an error is cut. */
const MOST_MESSAGE_CHARACTERS = 16 * 1024;
/** A longer way is cut. */
const MOST_PATH_STEPS = 64;

/** A procedure of this replica, as messages name it. */
function nameOf(procedure: string, self: Hello): string {
  return `${procedure} of ${self.replica ?? self.service}`;
}

export function explainOutput(procedure: string, dispatcher: Dispatcher, error: unknown, output: unknown): HadronError {
  const { self, maxOutputBytes } = dispatcher;
  return explainNotEncodable(error, output, "output", nameOf(procedure, self), maxOutputBytes);
}

export function unreadableInput(procedure: string, self: Hello, error: unknown): HadronError {
  const text = `The input of ${nameOf(procedure, self)} cannot be read: ${inWords(error)}`;
  return new HadronError("INVALID_INPUT", text);
}

export function inputTooLarge(procedure: string, { self, maxInputBytes }: Dispatcher, bytes: number): HadronError {
  const text = `The input of ${nameOf(procedure, self)} is ${bytes} bytes, and its limit ${maxInputBytes}; raise limits.inputBytes of the service, or send less.`;
  return new HadronError("TOO_LARGE", text);
}

/** What goes over the wire of an error: no more than a frame can hold. */
export function toWire({ code, message, retryable, path, retryAfterMs }: ErrorData): ErrorData {
  const cut = message.length > MOST_MESSAGE_CHARACTERS ? `${message.slice(0, MOST_MESSAGE_CHARACTERS)}…` : message;
  return {
    code,
    message: cut,
    retryable,
    path: path.slice(0, MOST_PATH_STEPS),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
