import { isHadronError } from "../../errors.ts";
import type { CallObserver, ObservedCall } from "../../observe/observer.ts";

/** Tells an observer of one try of a call. */
export function observeTry(observer: CallObserver, call: ObservedCall, answer: Promise<unknown>): Promise<unknown> {
  const token = observer.began(call);
  return answer.then(
    (output) => {
      observer.ended(token, undefined);
      return output;
    },
    (error: unknown) => {
      observer.ended(token, isHadronError(error) ? error.code : "HANDLER_FAILED");
      throw error;
    },
  );
}
