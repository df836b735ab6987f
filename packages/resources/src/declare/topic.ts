import type { Schema } from "@hadron/core";
import { defineResource, takeWork, type WorkOptions, type WorkSource } from "@hadron/core/spi";
import { findStore, findUsers } from "../client/find-store.ts";
import { Sender } from "../queue/queue.ts";
import { store } from "../store/service/store-service.ts";
import { QUEUE } from "../verbs/verbs.ts";
import { checkKept, checkOptions, checkWhole, type KeptOptions } from "./options.ts";
import { toTaker } from "./taker.ts";

/** How a topic is declared. */
export interface TopicOptions<T> extends Pick<KeptOptions, "protect"> {
  /** What a message is, checked when it is sent and when it is worked on: any Standard Schema. @default anything */
  readonly message?: Schema<any, T>;
  /** How often each subscriber tries a message again after its first attempt, before it is a dead letter. @default 5 */
  readonly retries?: number;
  /** Each subscriber works on messages of one key one at a time, in the order in which they were sent. @default no order */
  readonly key?: (message: T) => string;
  /** Makes a message that fits of one that an earlier version sent. @default such a message is a dead letter */
  readonly upgrade?: (old: unknown) => T;
}

/** A topic, as a resource. `subscribe` works on its messages. */
export type Topic<T> = Sender<T> & WorkSource<T>;

/**
 * Declares a topic: each message is worked on, at least once, by every service that subscribes to it: by one of its replicas.
 * What a service has not worked on yet waits for it, also while none of its replicas runs.
 *
 * INVALID_DECLARATION if the name is no DNS name, or an option is out of range.
 *
 * @example
 * const placed = topic("placed", { message: Order });
 * export const audit = service("audit", subscribe(placed, async (order) => …));
 */
export function topic<T = any>(name: string, options: TopicOptions<T> = {}): Topic<T> {
  const of = `topic("${name}")`;
  checkOptions(of, options, ["message", "retries", "key", "upgrade", "protect"]);
  const kept = checkKept(of, options);
  const { message: schema, key, upgrade } = options;
  const retries = checkWhole(of, "retries", options.retries ?? 5, 0);
  const check = { schema, upgrade };
  const queueOf = (service: string) => `topic/${name}/${service}`;
  const made: Sender<T> = new Sender<T>(
    {
      name,
      queues: async () => (await findUsers(made, "subscribe")).map(queueOf),
      check,
      key,
      maxLength: undefined,
    },
    () => findStore(made),
  );
  return defineResource(
    Object.assign(made, {
      [takeWork]: <X>(work: WorkOptions<T, X>) =>
        toTaker({ queue: queueOf(work.service), of, check, retries }, () => findStore(made), work),
    }),
    { kind: "topic", name, keeper: store, verbs: [QUEUE], options: { retries, ordered: key !== undefined, ...kept } },
  );
}
