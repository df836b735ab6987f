import type { HadronError } from "../errors.ts";

/** Whoever receives the items of a stream. */
export interface StreamOwner<Call> {
  /** Items that cost so much were taken: as much more may be sent. */
  taken(call: Call, cost: number): void;
  /** Nobody wants further items. */
  unwanted(call: Call): void;
}

/** Is told that an output is over, and of the error, where a stream broke off. */
export type OverTaker = (error: unknown) => void;

/** Calls back once an output is here: at once, or at the end of the stream that it is. */
export function onceOver(output: unknown, told: OverTaker): void {
  if (output instanceof IncomingStream) output.whenOver(told);
  else told(undefined);
}

interface Item {
  readonly value: unknown;
  readonly cost: number;
}

const DONE = { done: true, value: undefined } as const;

/**
 * Items that come in, for one consumer. What has come and was not taken is bounded by the credit of whoever sends: it is
 * given back as items are taken.
 */
export class IncomingStream<Call = unknown> implements AsyncIterableIterator<unknown, undefined, undefined> {
  readonly #owner: StreamOwner<Call>;
  readonly #call: Call;
  readonly #window: number;
  readonly #items: Item[] = [];
  readonly #waiting: PromiseWithResolvers<IteratorResult<unknown, undefined>>[] = [];
  /** What the sender may still send. */
  #credit: number;
  #owed = 0;
  #over = false;
  /** Why it broke off, until whoever consumes it was told. */
  #error: unknown;
  /** The same, for good. */
  #brokenBy: unknown;
  #whenOver: OverTaker | undefined;

  /**
   * @param window What may be on its way and wait here, in the cost of items.
   * @param granted Whether the sender has that credit from the start; else it is given when somebody asks for an item.
   */
  constructor(owner: StreamOwner<Call>, call: Call, window: number, granted: boolean) {
    this.#owner = owner;
    this.#call = call;
    this.#window = window;
    this.#credit = granted ? window : 0;
    this.#owed = granted ? 0 : window;
  }

  /** Whether the sender keeps to its credit in sending an item now. */
  get maySend(): boolean {
    return this.#credit > 0;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Calls back once no item comes any more; at once where that is so. */
  whenOver(told: OverTaker): void {
    const before = this.#whenOver;
    if (this.#over) told(this.#brokenBy);
    else if (before === undefined) this.#whenOver = told;
    else
      this.#whenOver = (error) => {
        before(error);
        told(error);
      };
  }

  push(value: unknown, cost: number): void {
    if (this.#over) return;
    this.#credit -= cost;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push({ value, cost });
    else {
      waiting.resolve({ done: false, value });
      this.#took(cost);
    }
  }

  /** No item follows. */
  end(): void {
    this.#finish();
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(DONE);
  }

  /** No item follows, because of an error: whoever consumes gets it after the items that came before. */
  fail(error: HadronError | unknown): void {
    if (this.#over) return;
    this.#brokenBy = error;
    this.#finish();
    const first = this.#waiting.shift();
    if (first === undefined) this.#error = error;
    else first.reject(error);
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(DONE);
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      if (!this.#over) this.#took(item.cost);
      return Promise.resolve({ done: false, value: item.value });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#over) return Promise.resolve(DONE);
    const waiting = Promise.withResolvers<IteratorResult<unknown, undefined>>();
    this.#waiting.push(waiting);
    this.#took(0);
    return waiting.promise;
  }

  /** Called by `break`: the sender is told. */
  return(): Promise<IteratorResult<unknown, undefined>> {
    this.#items.length = 0;
    this.#error = undefined;
    if (!this.#over) {
      this.end();
      this.#owner.unwanted(this.#call);
    }
    return Promise.resolve(DONE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Gives credit back, in large pieces: a frame for each item would cost as much as the item. */
  #took(cost: number): void {
    this.#owed += cost;
    if (this.#owed < this.#window / 2) return;
    this.#credit += this.#owed;
    this.#owner.taken(this.#call, this.#owed);
    this.#owed = 0;
  }

  #finish(): void {
    this.#over = true;
    const told = this.#whenOver;
    this.#whenOver = undefined;
    told?.(this.#brokenBy);
  }
}
