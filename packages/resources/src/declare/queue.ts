import type { Schema } from "@hadron/core";
import { defineResource, takeWork, type WorkOptions, type WorkSource } from "@hadron/core/spi";
import { findStore } from "../client/find-store.ts";
import { Sender } from "../queue/queue.ts";
import { store } from "../store/service/store-service.ts";
import { QUEUE } from "../verbs/verbs.ts";
import { checkKept, checkOptions, checkWhole, KEPT_OPTIONS, type KeptOptions } from "./options.ts";
import { toTaker } from "./taker.ts";

/** How a queue is declared. */
export interface QueueOptions<T> extends KeptOptions {
  /** What a message is, checked when it is sent and when it is worked on: any Standard Schema. @default anything */
  readonly message?: Schema<any, T>;
  /** How often a message is tried again after its first attempt, before it is a dead letter. @default 5 */
  readonly retries?: number;
  /** Messages of one key are worked on one at a time, in the order in which they were sent. @default no order */
  readonly key?: (message: T) => string;
  /** As many messages may wait; one more is OVERLOADED. @default as many as the disk takes */
  readonly maxLength?: number;
  /** Makes a message that fits of one that an earlier version sent. @default such a message is a dead letter */
  readonly upgrade?: (old: unknown) => T;
}

/** A queue, as a resource. `consume` works on its messages. */
export type Queue<T> = Sender<T> & WorkSource<T>;

/**
 * Declares a queue: a message that was sent is on disk, and worked on at least once. Messages have up to 256 KiB.
 *
 * INVALID_DECLARATION if the name is no DNS name, or an option is out of range.
 *
 * @example
 * const emails = queue("emails", { message: Email, retries: 5, key: (mail) => mail.user });
 * await emails.send(mail, { id: mail.id, delayMs: 60_000 });
 */
export function queue<T = any>(name: string, options: QueueOptions<T> = {}): Queue<T> {
  const of = `queue("${name}")`;
  checkOptions(of, options, ["message", "retries", "key", "maxLength", "upgrade", ...KEPT_OPTIONS]);
  const kept = checkKept(of, options);
  const { message: schema, key, maxLength, upgrade } = options;
  const retries = checkWhole(of, "retries", options.retries ?? 5, 0);
  if (maxLength !== undefined) checkWhole(of, "maxLength", maxLength, 1);
  const check = { schema, upgrade };
  const made: Sender<T> = new Sender<T>({ name, queues: () => [name], check, key, maxLength }, () => findStore(made));
  return defineResource(
    Object.assign(made, {
      [takeWork]: <X>(work: WorkOptions<T, X>) =>
        toTaker({ queue: name, of, check, retries }, () => findStore(made), work),
    }),
    {
      kind: "queue",
      name,
      keeper: store,
      verbs: [QUEUE],
      options: { retries, ordered: key !== undefined, ...(maxLength === undefined ? {} : { maxLength }), ...kept },
    },
  );
}
