import { type Delivery, HadronError, isHadronError } from "@hadron/core/spi";
import { Lease } from "../client/lease.ts";
import type { StoreClient } from "../client/store-client.ts";
import { checkRead, fromStored, type ValueCheck } from "../client/values.ts";
import type { Message } from "../store/contract/operations.ts";
import type { OnceOnly } from "./once-only.ts";

/** So long one question for messages waits in the store: it is woken when there are some, and asks no more meanwhile. */
const WAIT_MS = 3_600_000;
/** A consumer that stops waits so long for the answer to its last question: messages in it are given back. */
const LAST_ANSWER_MS = 1000;
/** After the store could not be asked. */
const AGAIN_MS = 500;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 600_000;

export interface ConsumerSettings<T> {
  readonly queue: string;
  readonly check: ValueCheck<T>;
  /** After the first attempt. */
  readonly retries: number;
  /** Messages at work at once, in one replica. */
  readonly concurrency: number;
  readonly leaseMs: number;
  /** A handler that takes longer has failed. */
  readonly timeoutMs: number;
}

export interface ConsumerHost<T, X = never> {
  readonly client: StoreClient;
  handle(message: T, delivery: Delivery, tx: X | undefined): unknown;
  /** Where the effects of each message are had once. @default they may be had again */
  readonly once?: OnceOnly<X> | undefined;
  /** Told of what did not go as it should. */
  warn(text: string, fields: Readonly<Record<string, unknown>>): void;
}

/** Works on the messages of a queue, until it is told to stop. */
export class Consumer<T, X = never> {
  readonly #settings: ConsumerSettings<T>;
  readonly #host: ConsumerHost<T, X>;
  readonly #stopping = new AbortController();
  /** Nobody will take the answer to the last question. */
  readonly #givenUp = new AbortController();
  readonly #holder: string;
  readonly #working = new Set<Promise<void>>();
  /** Messages whose handlers are at work: the next are asked for while the store is told what became of one. */
  #handling = 0;
  #freed: () => void = () => {};
  #loop: Promise<void> | undefined;

  constructor(settings: ConsumerSettings<T>, host: ConsumerHost<T, X>) {
    this.#settings = settings;
    this.#host = host;
    this.#holder = `${host.client.name}/${host.client.nextName()}`;
  }

  start(): void {
    if (this.#loop !== undefined) return;
    this.#loop = this.#run();
    this.#host.once?.sweep().catch((error: unknown) => {
      const text = `What may be forgotten of ${this.#settings.queue} could not be told; at the next start again.`;
      if (!this.#stopping.signal.aborted) this.#host.warn(text, { error: textOf(error) });
    });
  }

  /**
   * Claims no more; resolves when what is at work is done. The question that is under way is not broken off: an answer that
   * nobody took would keep its messages from others until their lease is over.
   */
  async stop(): Promise<void> {
    const { link, time } = this.#host.client;
    this.#stopping.abort();
    this.#freed();
    const stopTimer = time.after(LAST_ANSWER_MS, () => this.#givenUp.abort());
    // A store that cannot be told answers nothing either: the question is given up then.
    link.endClaim(this.#holder).catch(() => this.#givenUp.abort());
    await this.#loop;
    stopTimer();
    await Promise.all(this.#working);
    await this.#host.once?.flush();
  }

  async #run(): Promise<void> {
    const { queue, concurrency, leaseMs, retries } = this.#settings;
    const { client } = this.#host;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (this.#handling >= concurrency) {
        await new Promise<void>((resolve) => {
          this.#freed = resolve;
        });
        // What else ends in this turn is told together, and so many are asked for in the same commit.
        await new Promise<void>((resolve) => client.time.turn(resolve));
        continue;
      }
      const free = concurrency - this.#handling;
      try {
        const askedAt = client.time.now();
        const early = this.#host.once === undefined;
        const messages = await client.link.claim(
          { kind: "claim", queue, holder: this.#holder, most: free, leaseMs, mostAttempts: retries + 1, early },
          WAIT_MS,
          this.#givenUp.signal,
        );
        for (const message of messages) this.#begin(message, askedAt);
      } catch (error) {
        if (signal.aborted) return;
        this.#host.warn(`The messages of ${queue} could not be asked for; again in ${AGAIN_MS} ms.`, {
          error: textOf(error),
        });
        await this.#pause(AGAIN_MS);
      }
    }
  }

  #begin(message: Message, askedAt: number): void {
    this.#handling++;
    let isHandling = true;
    const handled = () => {
      if (!isHandling) return;
      isHandling = false;
      this.#handling--;
      this.#freed();
    };
    const work = this.#work(message, askedAt, handled).finally(() => {
      handled();
      this.#working.delete(work);
    });
    this.#working.add(work);
  }

  /** Never rejects: what cannot be told to the store ends with the lease. */
  async #work(message: Message, askedAt: number, handled: () => void): Promise<void> {
    const { queue, leaseMs, timeoutMs } = this.#settings;
    const { client } = this.#host;
    const claimed = { queue, message: message.message, attempt: message.attempt };
    const ending = new AbortController();
    using lease = new Lease({
      time: client.time,
      leaseMs,
      askedAt,
      renew: () => client.do({ kind: "extend", ...claimed, leaseMs }),
      lost: () =>
        ending.abort(new HadronError("ABORTED", `Message ${message.message} of ${queue} may be another's by now.`)),
    });
    try {
      // Stopped between the claim and here: another may begin at once.
      if (this.#stopping.signal.aborted) return void (await client.do({ kind: "give-back", ...claimed }));
      await lease.keep();
      const stopTimer = client.time.after(timeoutMs, () =>
        ending.abort(new HadronError("DEADLINE_EXCEEDED", `The handler of ${queue} took more than ${timeoutMs} ms.`)),
      );
      const failure = await this.#handle(message, ending.signal).finally(stopTimer);
      handled();
      if (failure !== undefined) return await this.#fail(message, failure);
      await client.do({ kind: "finish", ...claimed });
      this.#host.once?.finished(message);
    } catch (error) {
      this.#host.warn(
        `Message ${message.message} of ${queue} was worked on, and that could not be told: it comes again.`,
        {
          ...claimed,
          error: textOf(error),
        },
      );
    }
  }

  /** The failure, or undefined. */
  async #handle(message: Message, signal: AbortSignal): Promise<{ readonly error: unknown } | undefined> {
    const { queue, check, timeoutMs } = this.#settings;
    const { handle, once } = this.#host;
    const of = `Message ${message.message} of ${queue}`;
    const delivery: Delivery = {
      attempt: message.attempt,
      id: message.id ?? `${queue}/${message.message}`,
      sentAt: new Date(message.sentAt),
      signal,
    };
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      const value = await checkRead(fromStored(message.body, of), check, of);
      const work = async (tx: X | undefined) => {
        signal.throwIfAborted();
        // Aborted, it is over at once: so is its transaction.
        await Promise.race([handle(value, delivery, tx), aborted.promise]);
      };
      await (once === undefined ? work(undefined) : Promise.race([once.do(message, timeoutMs, work), aborted.promise]));
      return undefined;
    } catch (error) {
      return { error };
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async #fail(message: Message, { error }: { readonly error: unknown }): Promise<void> {
    const { queue, retries } = this.#settings;
    const reason = textOf(error);
    const isLast = message.attempt > retries || isPoison(error);
    const retryInMs = isLast ? undefined : this.#backOff(message.attempt);
    const what = isLast ? "is a dead letter now" : `comes again in ${retryInMs} ms`;
    this.#host.warn(
      `Message ${message.message} of ${queue} failed in attempt ${message.attempt}, and ${what}: ${reason}`,
      {
        queue,
        message: message.message,
        attempt: message.attempt,
        error: error instanceof Error ? error.stack : reason,
      },
    );
    await this.#host.client.do({
      kind: "fail",
      queue,
      message: message.message,
      attempt: message.attempt,
      retryInMs,
      reason,
    });
  }

  /** Full jitter: anything up to twice as long as the last time. https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/ */
  #backOff(attempt: number): number {
    const most = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1));
    return Math.ceil(this.#host.client.time.random() * most);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#stopping;
      const over = () => {
        stop();
        signal.removeEventListener("abort", over);
        resolve();
      };
      const stop = this.#host.client.time.after(ms, over);
      signal.addEventListener("abort", over, { once: true });
    });
  }
}

/** Whether no further attempt can be any better: the handler, or a schema, said so. What it just threw may be chance. */
function isPoison(error: unknown): boolean {
  return (
    isHadronError(error) && !error.retryable && error.code !== "HANDLER_FAILED" && error.code !== "DEADLINE_EXCEEDED"
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
