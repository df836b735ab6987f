import { type Log, onStart, type Part, type Replica, type StartContext } from "@hadron/core";
import { type Delivery, HadronError, pattern, takeWork, type WorkSource, type WorkTaker } from "@hadron/core/spi";

/** What a consumer's handler knows beside the message. */
export interface ConsumeContext extends Delivery {
  readonly log: Log;
  readonly replica: Replica;
}

/** How {@link consume} takes its messages. */
export interface ConsumeOptions {
  /** Messages at work at once, in one replica. @default 10 */
  readonly concurrency?: number;
  /** How long a message stays with a replica that is not heard of, in milliseconds. @default 30 000 */
  readonly leaseMs?: number;
  /** A handler that takes longer, in milliseconds, has failed. @default 300 000 */
  readonly timeoutMs?: number;
}

/**
 * Works on a queue's messages: each is given to one replica, and is gone when the handler is done with it. What fails is
 * tried again, after a while that doubles, and is a dead letter in the end; an error of a code that says that it can never
 * succeed, such as INVALID_INPUT, makes it one at once. At least once: a message whose replica died is given to another.
 *
 * A replica that is told to stop finishes what it has, and takes no more.
 *
 * INVALID_DECLARATION if the source is no queue, or an option is out of range.
 *
 * @example
 * export const mailer = service("mailer", consume(emails, async (mail, { attempt, id, signal }) => { … }), { replicas: 3 });
 */
export function consume<T>(
  source: WorkSource<T>,
  handler: (message: T, context: ConsumeContext) => unknown,
  options: ConsumeOptions = {},
): Part<{}> {
  return workOn("consume", source, handler, options);
}

/** A part that takes work from a resource. `name`: the pattern's, also for messages. */
export function workOn<T>(
  name: string,
  source: WorkSource<T>,
  handler: (message: T, context: ConsumeContext) => unknown,
  options: ConsumeOptions,
): Part<{}> {
  if (typeof source?.[takeWork] !== "function") {
    throw new HadronError(
      "INVALID_DECLARATION",
      `${name}(source, handler): the first hands out no work; make it with queue(name) or topic(name).`,
    );
  }
  if (typeof handler !== "function") {
    throw new HadronError("INVALID_DECLARATION", `${name}(source, handler): the handler is not a function.`);
  }
  return pattern({
    name,
    children: {},
    needs: { uses: [source] },
    root: () => {
      let taker: WorkTaker | undefined;
      return {
        async [onStart]({ log, replica, service, signal }: StartContext) {
          const handle = (message: T, delivery: Delivery) => handler(message, { ...delivery, log, replica });
          taker = source[takeWork]({ ...options, service, handle, log });
          await taker.start();
          // At once: what it has by then is finished while the replica drains.
          signal.addEventListener("abort", () => void taker?.stop(), { once: true });
        },
        async [Symbol.asyncDispose]() {
          await taker?.stop();
        },
      };
    },
  }) as Part<{}>;
}
