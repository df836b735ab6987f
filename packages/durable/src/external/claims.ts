import { HadronError, isHadronError } from "@hadron/core";
import type { Message, StoreClient } from "@hadron/resources/store";
import { GoneError, nothingHere } from "../door/door.ts";
import { toErrorRecord } from "../log/errors.ts";
import type { Outcome } from "../log/events.ts";
import { toBody } from "../log/messages.ts";
import { type ExternalWork, fromWorkBody, queueOf } from "./work.ts";

/** The longest pause before another attempt. */
const LONGEST_BACKOFF_MS = 60_000;
/** So long whoever completes has it for sure. */
const ENDING_MS = 30_000;

/** One piece of work, on loan to somebody. */
export interface Claimed {
  readonly queue: string;
  readonly message: number;
  readonly attempt: number;
}

/** Work that was given out. */
export interface Given {
  readonly claimed: Claimed;
  readonly work: ExternalWork;
}

/** What is done for those who work for external functions. */
export class Claims {
  readonly #store: StoreClient;

  constructor(store: StoreClient) {
    this.#store = store;
  }

  /** Takes one, as soon as there is one; undefined where there was none for so long, or whoever asked is gone. */
  async take(name: string, waitMs: number, signal: AbortSignal): Promise<Given | undefined> {
    const { link, time, name: client } = this.#store;
    const until = time.now() + waitMs;
    const queue = queueOf(name);
    const holder = `${client}/external/${this.#store.nextName()}`;
    const end = () => void link.endClaim(holder).catch(() => {});
    signal.addEventListener("abort", end, { once: true });
    try {
      while (!signal.aborted) {
        const leftMs = Math.max(0, until - time.now());
        const claim = { kind: "claim", queue, holder, most: 1, leaseMs: ENDING_MS, mostAttempts: 2 ** 31 } as const;
        const [message] = await link.claim(claim, leftMs, new AbortController().signal);
        if (message === undefined) return undefined;
        const given = await this.#look(queue, message, signal);
        if (given !== undefined) return given;
      }
      return undefined;
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  /** It goes on. ABORTED where it is another's. */
  async extend(claimed: Claimed): Promise<{ readonly leaseMs: number }> {
    const { leaseMs } = await this.#hold(claimed);
    await this.#store.do({ kind: "extend", ...claimed, leaseMs });
    return { leaseMs };
  }

  /** It is done. ABORTED where it is another's, GoneError where nobody waits for it. */
  async complete(claimed: Claimed, output: Uint8Array): Promise<void> {
    await this.#settle(claimed, await this.#hold(claimed), { ok: output });
  }

  /** It failed: given out again after a while, unless it was tried often enough, or that would not help. */
  async fail(claimed: Claimed, reason: string, retry: boolean): Promise<{ readonly retried: boolean }> {
    const work = await this.#hold(claimed);
    const { attempts, backoffMs } = work;
    if (retry && claimed.attempt < attempts) {
      const retryInMs = Math.min(backoffMs * 2 ** (claimed.attempt - 1), LONGEST_BACKOFF_MS);
      await this.#store.do({ kind: "fail", ...claimed, retryInMs, reason });
      return { retried: true };
    }
    await this.#settle(claimed, work, toFailure(new HadronError("HANDLER_FAILED", reason, { retryable: false })));
    return { retried: false };
  }

  /** What was taken, if anybody wants it done, and it was not tried too often. */
  async #look(queue: string, { message, attempt, body }: Message, signal: AbortSignal): Promise<Given | undefined> {
    const claimed: Claimed = { queue, message, attempt };
    const work = fromWorkBody(body);
    const { program, id, key, attempts, leaseMs } = work;
    if (signal.aborted) {
      await this.#store.do({ kind: "give-back", ...claimed });
      return undefined;
    }
    const run = await this.#store.read({ kind: "run", program, id });
    if (run === undefined || run.state === "ended") {
      await this.#store.do({ kind: "finish", ...claimed });
      return undefined;
    }
    if (attempt > attempts) {
      const why = `${key} was given out ${attempts} times, and nobody completed it: its workers died, or their leases ran out.`;
      await this.#settle(claimed, work, toFailure(new HadronError("ABORTED", why, { retryable: false })));
      return undefined;
    }
    await this.#store.do({ kind: "extend", ...claimed, leaseMs });
    return { claimed, work };
  }

  /** Its work, which it has for some time yet. ABORTED where it is another's. */
  async #hold(claimed: Claimed): Promise<ExternalWork> {
    await this.#store.do({ kind: "extend", ...claimed, leaseMs: ENDING_MS });
    const { queue, message } = claimed;
    const [found] = await this.#store.read({ kind: "messages", queue, after: message - 1, most: 1 });
    if (found?.message !== message) throw nothingHere();
    return fromWorkBody(found.body);
  }

  /** Tells the run first: where that is cut off, somebody does it again, and the run takes the first. */
  async #settle(claimed: Claimed, { program, id, command }: ExternalWork, outcome: Outcome): Promise<void> {
    const body = toBody({ kind: "child", command, outcome });
    try {
      await this.#store.do({ kind: "send-run", program, id, key: `child ${command}`, body });
    } catch (error) {
      if (!isHadronError(error) || !["NOT_FOUND", "FAILED_PRECONDITION"].includes(error.code)) throw error;
      await this.#store.do({ kind: "finish", ...claimed });
      throw new GoneError("The run that asked for it is over.", error);
    }
    await this.#store.do({ kind: "finish", ...claimed });
  }
}

function toFailure(error: HadronError): Outcome {
  return { error: toErrorRecord(error) };
}
