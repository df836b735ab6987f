import { AsyncLocalStorage } from "node:async_hooks";
import type { Clockwork } from "../../../clock/clockwork.ts";
import { HadronError } from "../../../errors.ts";
import { Pump } from "../../pump.ts";
import type { ItemSource } from "../../transport.ts";
import type { Outflow } from "./outflow.ts";

/**
 * Sends a stream as the input of a call, once the other side wants its first item. Until then nothing of it was taken, so
 * that the call can still go elsewhere.
 */
export class InputSender {
  readonly #pump: Pump;
  readonly #open: (source: ItemSource, credit: number) => Outflow;
  readonly #ended: (error: unknown) => void;
  // The items are made in the handler that makes the call, and not in whatever was at work when the connection opened.
  readonly #within = AsyncLocalStorage.snapshot();
  #outflow: Outflow | undefined;

  /** @param ended Told once: with undefined, that no item follows; or what the input threw. */
  constructor(
    input: AsyncIterable<unknown>,
    clock: Clockwork,
    open: (source: ItemSource, credit: number) => Outflow,
    ended: (error: unknown) => void,
  ) {
    this.#pump = new Pump(input, clock);
    this.#open = open;
    this.#ended = ended;
  }

  /** Bytes of the items that were sent. */
  get sentBytes(): number {
    return this.#outflow?.sentBytes ?? 0;
  }

  grant(credit: number): void {
    if (this.#outflow !== undefined) {
      this.#outflow.grant(credit);
      return;
    }
    const outflow = this.#open(this.#pump, credit);
    this.#outflow = outflow;
    this.#within(() =>
      this.#pump.run(outflow).then(
        () => this.#ended(undefined),
        (error) => this.#ended(toFinal(error)),
      ),
    );
  }

  /** Nobody wants further items. */
  stop(): void {
    this.#outflow?.close();
    this.#pump.stop();
  }
}

/** Whatever it was in its own call, in this one it cannot be undone by calling again: items were taken. */
function toFinal(error: unknown): unknown {
  if (!(error instanceof HadronError) || !(error.unsent || error.retryable))
    return error ?? new Error("The input failed.");
  return new HadronError(error.code, error.detail, { cause: error, path: error.path, retryable: false });
}
