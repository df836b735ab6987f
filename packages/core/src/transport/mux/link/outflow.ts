import type { ItemSink, ItemSource } from "../../transport.ts";
import { ITEM, ITEM_COST_BYTES } from "../frames/frames.ts";
import { MOST_BUFFERED_BYTES, type Outbox } from "./outbox.ts";

/** Items of one call on their way out. Sends while the other side has given credit for it. */
export class Outflow implements ItemSink {
  readonly #outbox: Outbox;
  readonly #id: number;
  readonly #limit: number;
  readonly #source: ItemSource;
  /** Turns what the encoder throws into an error that explains it. */
  readonly #explain: (error: unknown, item: unknown) => unknown;
  #credit: number;
  /** Bytes of the items that were sent. */
  sentBytes = 0;

  constructor(
    outbox: Outbox,
    id: number,
    credit: number,
    limit: number,
    source: ItemSource,
    explain: (error: unknown, item: unknown) => unknown,
  ) {
    this.#outbox = outbox;
    this.#id = id;
    this.#credit = credit;
    this.#limit = limit;
    this.#source = source;
    this.#explain = explain;
  }

  item(value: unknown): boolean {
    this.#outbox.begin(ITEM, this.#id);
    let length: number;
    try {
      length = this.#outbox.endWithValue(value, this.#limit);
    } catch (error) {
      throw this.#explain(error, value);
    }
    this.sentBytes += length;
    this.#credit -= itemCost(length);
    if (this.#ready) return true;
    this.#outbox.await(this);
    return false;
  }

  /** The other side takes more. */
  grant(bytes: number): void {
    this.#credit += bytes;
    this.look();
  }

  /** Looks whether what it waited for has come: its large item has left, the outbox has room, there is credit. */
  look(): void {
    if (!this.#ready) return;
    this.#outbox.forget(this);
    this.#source.resume();
  }

  /** No item follows. */
  close(): void {
    this.#outbox.forget(this);
    this.#outbox.drop(this.#id);
  }

  // Items overtake the chunks of a large body: the next one waits until those have left.
  get #ready(): boolean {
    return (
      this.#credit > 0 && !this.#outbox.isSending(this.#id) && this.#outbox.bufferedBytes < MOST_BUFFERED_BYTES / 2
    );
  }
}

/** What an item of so many bytes takes of the credit. Small ones count as larger: they cost memory and time, too. */
export function itemCost(bytes: number): number {
  return Math.max(bytes, ITEM_COST_BYTES);
}
