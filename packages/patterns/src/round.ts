import { HadronError } from "@hadron/core";
import { isHadronError, type Scope } from "@hadron/core/spi";

/** What came of a round of calls. */
export interface RoundOutcome {
  /** In the order of the leaves. */
  readonly replies: unknown[];
  /** The names of the leaves without a reply. */
  readonly missing: string[];
}

/** A leaf as a round asks it. */
export interface Asked {
  readonly name: string;
  /** A scope of its own: what has replied, perhaps with a stream, goes on when the others are given up. */
  readonly scope: Scope;
  readonly reply: Promise<unknown>;
}

export interface RoundOptions {
  /** The service that is asked, for messages. */
  readonly service: string;
  readonly quorum: number;
  /** How long it is waited for more than the quorum, and for the quorum; undefined: no longer than until that is there. */
  readonly timeoutMs: number | undefined;
}

/** One call that is still under way, or has failed. */
type Open = { readonly asked: Asked; failed: boolean };

/**
 * Waits for as many replies as are wanted, and gives up what is then under way. UNAVAILABLE as soon as the quorum cannot
 * be reached any more, and names the missing.
 *
 * I3: gather never sees a partial round it did not ask for.
 */
export function settleRound(leaves: readonly Asked[], options: RoundOptions): Promise<RoundOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<RoundOutcome>();
  const { quorum, timeoutMs } = options;
  const replies = new Map<number, unknown>();
  const open = new Map<number, Open>(leaves.map((asked, place) => [place, { asked, failed: false }]));
  const wanted = timeoutMs === undefined ? quorum : leaves.length;
  let failures = 0;
  let firstError: unknown;
  let over = false;
  const settle = (done: () => void) => {
    over = true;
    if (open.size > 0) {
      const given = new HadronError("CANCELLED", "The round of calls is over, and this was not needed for it.");
      for (const { asked } of open.values()) asked.scope.cancel(given);
    }
    for (const { scope } of leaves) scope.end();
    done();
  };
  const conclude = () => {
    if (replies.size >= Math.min(wanted, leaves.length - failures)) {
      const inOrder = [...replies].sort(([a], [b]) => a - b).map(([, reply]) => reply);
      const missing = [...open.values()].map(({ asked }) => asked.name);
      settle(() => resolve({ replies: inOrder, missing }));
    }
  };
  for (const [place, { reply }] of leaves.entries()) {
    reply.then(
      (value) => {
        if (over) return;
        replies.set(place, value);
        open.delete(place);
        conclude();
      },
      (error: unknown) => {
        if (over) return;
        const failed = open.get(place);
        if (failed !== undefined) failed.failed = true;
        firstError ??= error;
        failures++;
        if (leaves.length - failures >= quorum) conclude();
        else {
          const tooFewReplied = tooFew(leaves.length, replies.size, open, firstError, error, options);
          settle(() => reject(tooFewReplied));
        }
      },
    );
  }
  return promise;
}

function tooFew(
  count: number,
  replied: number,
  open: ReadonlyMap<number, Open>,
  firstError: unknown,
  lastError: unknown,
  { service, quorum, timeoutMs }: RoundOptions,
): HadronError {
  // At the end of their time all that have not replied are missing, though one of them is told before the others.
  const late = isHadronError(lastError) && lastError.code === "DEADLINE_EXCEEDED";
  const missing = [...open.values()].filter(({ failed }) => late || failed).map(({ asked }) => asked.name);
  const waited = late && timeoutMs !== undefined ? ` within ${timeoutMs} ms` : "";
  const first = firstError instanceof Error ? ` The first said: ${firstError.message}` : "";
  return new HadronError(
    "UNAVAILABLE",
    `${quorum} of ${count} leaves of "${service}" must reply; ${replied} did${waited}, and ${missing.length} cannot any more. Missing: ${missing.join(", ")}.${first}`,
    { cause: firstError },
  );
}
