import type { Scope } from "../../../scope/scope.ts";
import {
  CALL_HEADER_BYTES,
  FLAG_NAME,
  FLAG_STREAM,
  FLAG_TRACE,
  MOST_PROCEDURE_NUMBER,
  NO_DEADLINE,
} from "../frames/frames.ts";
import type { Encoder } from "../values/encoder.ts";

/** A procedure's name and a trace, each with its length. */
const MOST_TEXT_BYTES = 512;

/** Writes the headers of calls on one connection. A procedure is named once, and goes by its number from then on. */
export class CallHeaderWriter {
  readonly #numbers = new Map<string, number>();
  #last = 0;

  /** Returns the number that this header binds to the name: give it to {@link bind} once the frame stands. 0: it binds none. */
  write(encoder: Encoder, scope: Scope, procedure: string, inputStreams: boolean): number {
    const known = this.#numbers.get(procedure);
    const number = known ?? (this.#last < MOST_PROCEDURE_NUMBER ? ++this.#last : 0);
    const { trace } = scope;
    encoder.room(CALL_HEADER_BYTES + MOST_TEXT_BYTES);
    const { bytes, view, at } = encoder;
    view.setUint32(at, toMilliseconds(scope.leftMs), true);
    view.setUint16(at + 4, number, true);
    bytes[at + 6] =
      (known === undefined ? FLAG_NAME : 0) | (trace === undefined ? 0 : FLAG_TRACE) | (inputStreams ? FLAG_STREAM : 0);
    encoder.at = at + CALL_HEADER_BYTES;
    if (known === undefined) encoder.latin1(procedure);
    if (trace !== undefined) encoder.latin1(trace);
    return known === undefined ? number : 0;
  }

  /** The frame that binds the name will be sent. */
  bind(procedure: string, number: number): void {
    this.#numbers.set(procedure, number);
  }
}

/** I4: rounded down, so that a deadline never grows on its way; but not to none at all. */
function toMilliseconds(leftMs: number): number {
  return leftMs >= NO_DEADLINE ? NO_DEADLINE : Math.max(1, Math.floor(leftMs));
}
