import { HadronError, onStart, type Part, type StartContext } from "@hadron/core";
import { pattern, takeWork, type WorkSource, type WorkTaker } from "@hadron/core/spi";

/** What was told is told again so long to those who had lost the connection. */
const KEPT_MS = 30_000;
/** Of so many messages. */
const MOST_KEPT = 10_000;
/** Each listener hears something so often: it knows from when it may have missed something. */
const BEAT_MS = 2_000;

/** What listeners are sent: a message, or the word that they are connected. */
export interface Told {
  readonly id?: string;
  readonly message?: unknown;
}

/** What a service that broadcasts offers: those who hear it. */
export type Broadcast = {
  readonly listen: (input?: unknown) => AsyncIterable<any>;
};

/**
 * Tells what a topic is sent to all sockets that hear it, of all replicas: `socket({ hears: room }, …)`. Whoever sends to the topic, wherever
 * in the app, speaks to them all. In the topic's order, where it has a key.
 *
 * For a service with one replica: FAILED_PRECONDITION where it has more. A socket that is not connected misses what is told meanwhile.
 *
 * INVALID_DECLARATION where the source is no topic.
 *
 * @example
 * const said = topic<Line>("said", { key: () => "all" });
 * export const room = service("room", broadcast(said));
 */
export function broadcast<T>(source: WorkSource<T>): Part<Broadcast> {
  if (typeof source?.[takeWork] !== "function") {
    throw new HadronError("INVALID_DECLARATION", 'broadcast(source): that is no topic; make it with topic("name").');
  }
  return pattern({
    // By this name whoever sends to a topic finds who hears it.
    name: "subscribe",
    children: {},
    needs: { uses: [source] },
    root: () => {
      const listeners = new Listeners();
      let taker: WorkTaker | undefined;
      return {
        listen: (input?: unknown) =>
          listeners.listen(Number((input as { missedMs?: number } | undefined)?.missedMs ?? 0)),
        async [onStart]({ log, replica, service, signal }: StartContext) {
          if (replica.count > 1) {
            throw new HadronError("FAILED_PRECONDITION", `"${service}" broadcasts, for which it has one replica.`);
          }
          const handle = (message: T, { id }: { readonly id: string }) => listeners.tell(id, message);
          taker = source[takeWork]({ service, handle, log });
          await taker.start();
          const timer = setInterval(() => listeners.beat(), BEAT_MS);
          signal.addEventListener("abort", () => {
            clearInterval(timer);
            void taker?.stop();
            listeners.end();
          });
        },
        async [Symbol.asyncDispose]() {
          await taker?.stop();
        },
      };
    },
  }) as unknown as Part<Broadcast>;
}

interface Kept {
  readonly told: Told;
  readonly at: number;
}

/** Whoever listens, and what was told last. */
class Listeners {
  readonly #listening = new Set<Listener>();
  readonly #kept: Kept[] = [];
  #over = false;

  tell(id: string, message: unknown): void {
    const now = performance.now();
    const told = { id, message };
    this.#kept.push({ told, at: now });
    while (this.#kept.length > MOST_KEPT || now - (this.#kept[0]?.at ?? now) > KEPT_MS) this.#kept.shift();
    for (const listener of this.#listening) listener.tell(told);
  }

  beat(): void {
    for (const listener of this.#listening) listener.tell({});
  }

  end(): void {
    this.#over = true;
    for (const listener of this.#listening) listener.end();
  }

  listen(missedMs: number): AsyncIterable<Told> {
    const since = performance.now() - missedMs;
    const missed = missedMs > 0 ? this.#kept.filter(({ at }) => at >= since) : [];
    const listener = new Listener([{}, ...missed.map(({ told }) => told)]);
    if (this.#over) listener.end();
    else this.#listening.add(listener);
    return listener.items(() => this.#listening.delete(listener));
  }
}

class Listener {
  readonly #waiting: Told[];
  #over = false;
  #wake: (() => void) | undefined;

  constructor(first: Told[]) {
    this.#waiting = first;
  }

  tell(told: Told): void {
    // Who is so far behind hears from the start again what it has missed.
    if (this.#waiting.length >= MOST_KEPT) this.end();
    else this.#waiting.push(told);
    this.#wake?.();
  }

  end(): void {
    this.#over = true;
    this.#wake?.();
  }

  items(gone: () => void): AsyncIterableIterator<Told> {
    const next = async (): Promise<IteratorResult<Told>> => {
      for (;;) {
        const told = this.#waiting.shift();
        if (told !== undefined) return { done: false, value: told };
        if (this.#over) return { done: true, value: undefined };
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    };
    const over = async (): Promise<IteratorResult<Told>> => {
      gone();
      this.#waiting.length = 0;
      this.end();
      return { done: true, value: undefined };
    };
    const items: AsyncIterableIterator<Told> = { next, return: over, [Symbol.asyncIterator]: () => items };
    return items;
  }
}
