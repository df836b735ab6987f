import type { Heard } from "../routes/socket-types.ts";
import type { Told } from "./broadcast.ts";
import type { LiveSocket } from "./connection.ts";

/** Where the service that tells is away, it is asked again after so long. */
const AGAIN_MS = 250;
/** What was told in the time without a connection, and so long before, is asked for again: what is known is not told twice. */
const OVERLAP_MS = 5_000;
/** So many are known. */
const MOST_KNOWN = 10_000;

/** The sockets of one replica that hear the same, and what they hear. */
export class Room {
  readonly members = new Set<LiveSocket>();
  /** Resolves when whatever is told from then on is heard. */
  readonly joined: Promise<void>;
  readonly #heard: Heard<unknown>;
  readonly #signal: AbortSignal;
  readonly #known = new Set<string>();
  #isJoined: () => void;
  /** When it was connected last. */
  #lastAt: number | undefined;

  constructor(heard: Heard<unknown>, signal: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.joined = promise;
    this.#isJoined = resolve;
    this.#heard = heard;
    this.#signal = signal;
    void this.#stay();
  }

  async #stay(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        await this.#listen();
      } catch {
        // It is away, or was replaced.
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  async #listen(): Promise<void> {
    const missedMs = this.#lastAt === undefined ? 0 : performance.now() - this.#lastAt + OVERLAP_MS;
    const told = this.#heard.with({ timeoutMs: Number.POSITIVE_INFINITY });
    const items = (await told.listen({ missedMs })) as AsyncIterable<Told>;
    const iterator = items[Symbol.asyncIterator]();
    const stop = () => void iterator.return?.();
    this.#signal.addEventListener("abort", stop, { once: true });
    try {
      for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) this.#tell(step.value);
    } finally {
      this.#signal.removeEventListener("abort", stop);
    }
  }

  #tell({ id, message }: Told): void {
    this.#lastAt = performance.now();
    this.#isJoined();
    if (id === undefined || this.#known.has(id)) return;
    this.#known.add(id);
    if (this.#known.size > MOST_KNOWN)
      for (const first of this.#known) {
        this.#known.delete(first);
        break;
      }
    const text = JSON.stringify(message);
    for (const member of this.members) member.tell(text);
  }
}
