import { type ErrorCode, HadronError } from "../errors.ts";

/** One end of a call, while an observer is told of it. It keeps what it needs, and not this. */
export interface ObservedCall {
  readonly side: "calling" | "serving";
  readonly service: string;
  readonly procedure: string;
  /** The replica that is called, or that serves. */
  readonly replica: string | undefined;
  /** Which try of the call it is, from 1; 0 where it is served: the callee does not know. */
  readonly attempt: number;
  /** The name of the connection, and the call's number in it: the same at both ends. Undefined where it has none. */
  readonly connection: string | undefined;
  readonly number: number | undefined;
}

/**
 * Is told of each call that leaves a host, try by try, or comes to a dispatcher. It must not throw, and what it takes of time
 * each call takes. Absent by default, and then it costs nothing.
 */
export interface CallObserver {
  /** A call has been sent, or taken. Returns a number of its own, with which it is told of the end. */
  began(call: ObservedCall): number;
  /**
   * The call has been answered, or its stream is over; `code` is undefined where it did well, as far as this end knows.
   *
   * @param inputBytes As encoded: of a stream all items; over JSON-RPC the message. Undefined where that is not known, as of
   * one call in a batch.
   * @param outputBytes The same of the output; undefined where there was none.
   */
  ended(
    token: number,
    code: ErrorCode | undefined,
    inputBytes: number | undefined,
    outputBytes: number | undefined,
  ): void;
}

/** Where an observer can stand: a host sees what leaves, a dispatcher what comes. */
export interface Observable {
  observer: CallObserver | undefined;
}

/**
 * Has an observer told of each call there, until the returned function is called. FAILED_PRECONDITION where there is one
 * already: two would not know of each other.
 *
 * @example
 * const recorder = createCallRecorder(clock);
 * const stop = observe(host, recorder);
 */
export function observe(place: Observable, observer: CallObserver): () => void {
  if (place.observer !== undefined)
    throw new HadronError("FAILED_PRECONDITION", "Calls are observed here already; end that first.");
  place.observer = observer;
  return () => {
    if (place.observer === observer) place.observer = undefined;
  };
}
