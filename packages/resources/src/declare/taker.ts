import { effects, type WorkOptions, type WorkTaker } from "@hadron/core/spi";
import type { StoreOf } from "../client/store-of.ts";
import { Consumer, type ConsumerSettings } from "../queue/consumer.ts";
import { OnceOnly } from "../queue/once-only.ts";
import { checkMs, checkWhole } from "./options.ts";

const DEFAULT_CONCURRENCY = 10;
const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 300_000;

export interface TakerSettings<T> extends Pick<ConsumerSettings<T>, "queue" | "check" | "retries"> {
  /** Whose work it is, for messages. */
  readonly of: string;
}

/**
 * Makes what takes the messages of a queue in one replica: begun when the way to the store is known.
 * INVALID_DECLARATION if an option is out of range.
 */
export function toTaker<T, X>(settings: TakerSettings<T>, storeOf: StoreOf, work: WorkOptions<T, X>): WorkTaker {
  const { queue, check, retries, of } = settings;
  const { handle, log, tx } = work;
  const { concurrency = DEFAULT_CONCURRENCY, leaseMs = DEFAULT_LEASE_MS, timeoutMs = DEFAULT_TIMEOUT_MS } = work;
  const resolved: ConsumerSettings<T> = {
    queue,
    check,
    retries,
    concurrency: checkWhole(of, "concurrency", concurrency, 1),
    leaseMs: checkMs(of, "leaseMs", leaseMs),
    timeoutMs: checkMs(of, "timeoutMs", timeoutMs),
  };
  let consumer: Consumer<T, X> | undefined;
  return {
    async start() {
      const client = await storeOf();
      const once = tx === undefined ? undefined : new OnceOnly({ queue, effects: tx[effects], client });
      consumer = new Consumer(resolved, { client, handle, once, warn: (text, fields) => log.warn(text, fields) });
      consumer.start();
    },
    stop: async () => consumer?.stop(),
  };
}
