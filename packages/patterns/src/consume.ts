import { type Log, onStart, type Part, type Replica, type StartContext } from "@hadron/core";
import {
  type Delivery,
  effects,
  HadronError,
  pattern,
  type Transactional,
  takeWork,
  type WorkSource,
  type WorkTaker,
} from "@hadron/core/spi";

/** What a consumer's handler knows beside the message. */
export interface ConsumeContext extends Delivery {
  readonly log: Log;
  readonly replica: Replica;
}

/** The same, within a transaction. */
export interface TransactionalContext<X> extends ConsumeContext {
  /** What is done in it is kept once for each message, however often that comes: when the handler is done. */
  readonly tx: X;
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

/** The same, with effects exactly once. */
export interface TransactionalOptions<X> extends ConsumeOptions {
  /** A database: the handler of each message runs in a transaction of it, which is kept once. */
  readonly tx: Transactional<X>;
}

/**
 * Works on a queue's messages: each is given to one replica, and is gone when the handler is done with it. What fails is
 * tried again, after a while that doubles, and is a dead letter in the end; an error of a code that says that it can never
 * succeed, such as INVALID_INPUT, makes it one at once. At least once: a message whose replica died is given to another.
 *
 * With `{ tx: orders }` the handler is given a transaction of that database: what it does in it is kept once, also where the message
 * comes again, and not at all where the handler throws. Messages that it sends there (`send(…, { tx })`) are sent once, too.
 *
 * A replica that is told to stop finishes what it has, and takes no more.
 *
 * INVALID_DECLARATION if the source is no queue, `tx` no database, or an option is out of range.
 *
 * @example
 * export const mailer = service("mailer", consume(emails, async (mail, { attempt, id, signal }) => { … }), { replicas: 3 });
 * export const stock = service("stock", consume(placed, (order, { tx }) => tx.sql`update …`, { tx: orders }));
 */
export function consume<T, X>(
  source: WorkSource<T>,
  handler: (message: T, context: TransactionalContext<X>) => unknown,
  options: TransactionalOptions<X>,
): Part<{}>;
export function consume<T>(
  source: WorkSource<T>,
  handler: (message: T, context: ConsumeContext) => unknown,
  options?: ConsumeOptions,
): Part<{}>;
export function consume<T, X>(source: WorkSource<T>, handler: AnyWork<T, X>, options: AnyOptions<X> = {}): Part<{}> {
  return workOn("consume", source, handler, options);
}

/** What a handler is, with a transaction or without. */
export type AnyWork<T, X> = (message: T, context: ConsumeContext & { readonly tx: X | undefined }) => unknown;
export type AnyOptions<X> = ConsumeOptions & { readonly tx?: Transactional<X> };

/** A part that takes work from a resource. `name`: the pattern's, also for messages. */
export function workOn<T, X>(
  name: string,
  source: WorkSource<T>,
  handler: AnyWork<T, X>,
  options: AnyOptions<X>,
): Part<{}> {
  const { tx: database } = options;
  if (typeof source?.[takeWork] !== "function") {
    throw new HadronError(
      "INVALID_DECLARATION",
      `${name}(source, handler): the first hands out no work; make it with queue(name) or topic(name).`,
    );
  }
  if (typeof handler !== "function") {
    throw new HadronError("INVALID_DECLARATION", `${name}(source, handler): the handler is not a function.`);
  }
  if (database !== undefined && database?.[effects] === undefined) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `${name}(source, handler, { tx }): tx is no database; make it with database(name).`,
    );
  }
  return pattern({
    name,
    children: {},
    needs: { uses: database === undefined ? [source] : [source, database] },
    root: () => {
      let taker: WorkTaker | undefined;
      return {
        async [onStart]({ log, replica, service, signal }: StartContext) {
          const handle = (message: T, delivery: Delivery, tx: X | undefined) =>
            handler(message, { ...delivery, log, replica, tx });
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
