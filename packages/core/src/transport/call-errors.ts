import { HadronError } from "../errors.ts";

/** A replica has the call, and the caller's time is over, or the caller gave it up. */
export function silent(replica: string, procedure: string, error: HadronError): HadronError {
  if (error.code !== "DEADLINE_EXCEEDED") return error;
  return new HadronError(
    "DEADLINE_EXCEEDED",
    `${replica} gave no answer to "${procedure}" before the call's time ran out. Give the call a longer timeoutMs, or look at the replica's log.`,
    { cause: error, path: [replica] },
  );
}

/** A stream has begun, and the caller's time is over, or the caller gave it up. */
export function unfinished(replica: string, procedure: string, error: HadronError): HadronError {
  if (error.code !== "DEADLINE_EXCEEDED") return error;
  return new HadronError(
    "DEADLINE_EXCEEDED",
    `The stream of "${procedure}" of ${replica} was not at its end when the call's time ran out. Give the call a longer timeoutMs, or take the items faster.`,
    { cause: error, path: [replica] },
  );
}

/** The connection broke after something was sent: nobody knows whether it was run. */
export function broken(replica: string, error: HadronError, reason: string | undefined): HadronError {
  return new HadronError(
    "UNAVAILABLE",
    reason === undefined
      ? `The connection to ${replica} broke during the call: ${error.detail}`
      : `${replica} died during the call: ${reason}.`,
    { cause: error, path: [replica] },
  );
}

/** Why nobody took the call in time: better than "the time ran out" alone. */
export function notTaken(
  what: string,
  reasons: readonly string[],
  last: HadronError | undefined,
  error: HadronError,
): HadronError {
  if (error.code !== "DEADLINE_EXCEEDED") return error;
  const why = [...reasons, ...(last === undefined ? [] : [last.detail])].slice(0, 3).join("; ");
  return new HadronError(
    "UNAVAILABLE",
    `No replica of ${what} took the call before its time ran out${why === "" ? "" : ` (${why})`}. Look at its status and logs.`,
    { cause: last ?? error, unsent: true },
  );
}

/** A limit of this side was reached. */
export function tooMany(what: string, why: string): HadronError {
  return new HadronError(
    "OVERLOADED",
    `${what} gets no further calls from here: ${why}, the limit. Make fewer at once.`,
    { retryAfterMs: 1000 },
  );
}
