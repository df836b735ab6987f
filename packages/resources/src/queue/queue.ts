import { HadronError, waitFor } from "@hadron/core/spi";
import { checkKey } from "../client/keys.ts";
import type { StoreClient } from "../client/store-client.ts";
import type { StoreOf } from "../client/store-of.ts";
import { checkWritten, toStored, type ValueCheck } from "../client/values.ts";
import { onCommit, type Transaction } from "../database/client/transaction.ts";
import { type OutboxMessage, putIntoOutbox } from "../database/contract/outbox.ts";

/** A message may have so many bytes. What is larger belongs into a bucket, and its key into the message. */
export const MOST_MESSAGE_BYTES = 256 * 1024;

/** How a message is sent. */
export interface SendOptions {
  /** A second message of this id within a day is not sent. @default none: each is a message of its own */
  readonly id?: string;
  /** Not to be worked on before, in milliseconds from now. @default 0 */
  readonly delayMs?: number;
  /**
   * Sent if and when this transaction is committed, exactly once, and otherwise not at all. Whether its `id` is taken, or the queue is
   * full, is not looked at before that: the first is then not sent, and the second holds up nothing. `delayMs` counts from the commit on.
   * @default sent now
   */
  readonly tx?: Transaction;
}

/** Messages that nobody is done with. */
export interface Pending {
  readonly waiting: number;
  readonly working: number;
  readonly dead: number;
}

export interface QueueSettings<T> {
  readonly name: string;
  /** Where its messages go: to itself, or to each subscription of a topic. */
  queues(): readonly string[] | Promise<readonly string[]>;
  readonly check: ValueCheck<T>;
  readonly key: ((message: T) => string) | undefined;
  readonly maxLength: number | undefined;
}

/** The sending side of a queue or a topic. */
export class Sender<T> {
  readonly #settings: QueueSettings<T>;
  readonly #storeOf: StoreOf;

  constructor(settings: QueueSettings<T>, storeOf: StoreOf) {
    this.#settings = settings;
    this.#storeOf = storeOf;
  }

  /**
   * How many messages there are that nobody is done with: `waiting` for their turn, their time or another attempt, `working`, and
   * `dead`. Of a topic, those of all subscribers together.
   */
  async pending(): Promise<Pending> {
    const store = await this.#storeOf();
    const queues = await this.#settings.queues();
    const states = await Promise.all(queues.map((queue) => store.read({ kind: "queue", queue })));
    const sum = (of: (state: Pending) => number) => states.reduce((total, state) => total + of(state), 0);
    return {
      waiting: sum(({ waiting }) => waiting),
      working: sum(({ working }) => working),
      dead: sum(({ dead }) => dead),
    };
  }

  /**
   * Sends a message: it is on disk when this resolves. INVALID_INPUT where it does not fit, TOO_LARGE beyond 256 KiB,
   * OVERLOADED where the queue is full. With `tx` it is written into that transaction's database.
   *
   * @example
   * await orders.transaction(async (tx) => { await tx.insert("line", line); await emails.send(mail, { tx }); });
   */
  async send(message: T, { id, delayMs = 0, tx }: SendOptions = {}): Promise<{ readonly duplicate: boolean }> {
    const { name, check, key: keyOf, maxLength } = this.#settings;
    if (id !== undefined) checkKey(id, `messages of ${name}`);
    if (!(delayMs >= 0 && delayMs < Number.POSITIVE_INFINITY)) {
      throw new HadronError("INVALID_INPUT", `delayMs is ${delayMs}, and should be milliseconds, from 0.`, {
        unsent: true,
      });
    }
    const of = `a message of ${name}`;
    const checked = await checkWritten(message, check, of);
    const key = keyOf === undefined ? undefined : checkKey(keyOf(checked), `messages of ${name}`);
    const body = toStored(checked, of, MOST_MESSAGE_BYTES);
    const store = await this.#storeOf();
    const queues = await this.#settings.queues();
    const sent = { queues, body, id, key, delayMs: Math.ceil(delayMs) };
    if (tx !== undefined) return sendWithin(tx, sent, store, name);
    return store.do({ kind: "send", ...sent, maxLength });
  }
}

/** Writes a message into the transaction's database. The store moves it into its queues once that is committed. */
async function sendWithin(
  tx: Transaction,
  message: OutboxMessage,
  { outboxes }: StoreClient,
  name: string,
): Promise<{ readonly duplicate: boolean }> {
  if (typeof tx[onCommit] !== "function") {
    const text = `send to ${name}: tx is no transaction: give what database.transaction(async (tx) => …) hands to its work.`;
    throw new HadronError("INVALID_INPUT", text, { unsent: true });
  }
  // Before it is written: who commits it may not live to tell the store.
  await waitFor(outboxes.known(tx.database), "hadron.store");
  await putIntoOutbox(tx.sql, message);
  tx[onCommit](() => outboxes.look(tx.database));
  return { duplicate: false };
}
