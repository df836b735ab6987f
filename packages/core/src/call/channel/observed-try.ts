import { type ErrorCode, isHadronError } from "../../errors.ts";
import type { CallObserver, ObservedCall } from "../../observe/observer.ts";
import { onceOver } from "../../transport/incoming-stream.ts";
import type { CallSizes } from "../../transport/transport.ts";

/** One try of a call that an observer is told of. The connection writes here how large it was. */
export class ObservedTry implements CallSizes {
  inputBytes: number | undefined = undefined;
  outputBytes: number | undefined = undefined;
  readonly #observer: CallObserver;
  #token = 0;

  constructor(observer: CallObserver) {
    this.#observer = observer;
  }

  /** The call has been sent. Returns its answer, of which the observer is told first; of a stream, once that is over. */
  sent(call: ObservedCall, answer: Promise<unknown>): Promise<unknown> {
    this.#token = this.#observer.began(call);
    return answer.then(this.#answered, this.#failed);
  }

  readonly #answered = (output: unknown): unknown => {
    onceOver(output, this.#over);
    return output;
  };

  readonly #failed = (error: unknown): never => {
    this.#ended(toCode(error));
    throw error;
  };

  readonly #over = (error: unknown): void => {
    this.#ended(error === undefined ? undefined : toCode(error));
  };

  #ended(code: ErrorCode | undefined): void {
    this.#observer.ended(this.#token, code, this.inputBytes, this.outputBytes);
  }
}

/** What is no HadronError was thrown by what makes the input, or takes the output. */
function toCode(error: unknown): ErrorCode {
  return isHadronError(error) ? error.code : "HANDLER_FAILED";
}
