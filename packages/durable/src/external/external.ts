import { HadronError, isHadronError } from "@hadron/core";
import { findStore } from "@hadron/resources/store";
import { frameFor } from "../engine/frame.ts";
import { readRun } from "../log/calls.ts";
import { toLogged } from "../log/values.ts";
import { logs } from "../verbs/logs.ts";
import { checkName, queueOf, toWorkBody } from "./work.ts";

/** How an external function is given out. */
export interface ExternalOptions {
  /** How often in all, where whoever took it fails, or is not heard of any more. @default 5 */
  readonly attempts?: number;
  /** So long it is one's who does not say that it goes on, in milliseconds: then it is another's. @default 60 000 */
  readonly leaseMs?: number;
  /** Before the second attempt, in milliseconds; doubled for each later one, up to a minute. @default 1000 */
  readonly backoffMs?: number;
}

/** To put the work where it waits. */
const SEND_MS = 30_000;
const SEND_ATTEMPTS = 10;
const SEND_BACKOFF_MS = 500;

/**
 * A function that is implemented by any process that can speak HTTP, at the exposed address of any durable program of the app:
 * `POST /external/NAME/claim` takes one piece of work, waits for it up to 30 s (204: there was none), and gives
 * `{ claim, input, key, attempt, leaseMs }`; `POST /external/claims/CLAIM/complete` with the output as JSON, `…/fail` with
 * `{ message, retry }`, `…/extend` while it goes on. It is done at least once, and its output kept exactly once.
 *
 * What it fails with in its last attempt is thrown: HANDLER_FAILED; ABORTED where nobody completed it in any.
 * WRONG_USE where name or options are none.
 *
 * @example
 * const ocr = external<{ page: string }, { text: string }>("ocr", { leaseMs: 10_000 });
 * const pages = await Promise.all(order.pages.map((page) => ocr({ page })));
 */
export function external<I = unknown, O = unknown>(
  name: string,
  options: ExternalOptions = {},
): (input: I) => Promise<O> {
  const { attempts = 5, leaseMs = 60_000, backoffMs = 1000 } = options;
  const queue = queueOf(checkName(name));
  for (const [option, value, least] of [
    ["attempts", attempts, 1],
    ["leaseMs", leaseMs, 100],
    ["backoffMs", backoffMs, 0],
  ] as const) {
    if (!(Number.isSafeInteger(value) && value >= least)) {
      throw new HadronError(
        "WRONG_USE",
        `external("${name}"): ${option} is ${value}, and should be a whole number from ${least}.`,
      );
    }
  }
  return (input) => {
    const { execution, isShielded } = frameFor(`external("${name}")`);
    const { program, id } = readRun(execution.run);
    const work = {
      attempts: SEND_ATTEMPTS,
      timeoutMs: SEND_MS,
      backoffMs: SEND_BACKOFF_MS,
      onDoubt: "retry",
      retries: (error: unknown) => isHadronError(error) && error.retryable,
      isBegun: true,
      async do({ key, command }: { key: string; command: number }) {
        const bytes = toLogged(input, `the input of ${key}`);
        const body = toWorkBody({ program, id, command, key, input: bytes, attempts, leaseMs, backoffMs });
        const store = await findStore(logs);
        // The key is its id: what another life of the run has sent is not sent again.
        await store.do({
          kind: "send",
          queues: [queue],
          body,
          id: key,
          key: undefined,
          delayMs: 0,
          maxLength: undefined,
        });
      },
    } as const;
    return execution.command({ kind: "external", name, work }, isShielded) as Promise<O>;
  };
}
