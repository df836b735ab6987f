import type { Clockwork } from "../clock/clockwork.ts";
import { HadronError, toErrorData } from "../errors.ts";
import type { Cancellable, Scope } from "../scope/scope.ts";
import type { ItemSink, Reply } from "./transport.ts";

/** Whether a value is a stream: whatever `for await` takes that is not a plain list. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === "function"
  );
}

/** After so many items in one turn, others have theirs: a source that never waits must not stop the whole process. */
const MOST_IN_TURN = 128;

/** Takes items from an iterable and puts them into a sink, one after the other, as fast as the sink takes them. */
export class Pump {
  readonly #source: AsyncIterable<unknown>;
  readonly #clock: Clockwork;
  readonly #check: ((item: unknown) => unknown) | undefined;
  #iterator: AsyncIterator<unknown> | undefined;
  #stopped = false;
  #returned: Promise<unknown> | undefined;
  #release: (() => void) | undefined;

  /** @param check What is sent for an item. Throws where it cannot be. @default the item */
  constructor(source: AsyncIterable<unknown>, clock: Clockwork, check?: (item: unknown) => unknown) {
    this.#clock = clock;
    this.#source = source;
    this.#check = check;
  }

  /** Resolves once the source has ended or was ended by {@link stop}. Rejects with what it, the check or the sink throws. */
  async run(sink: ItemSink): Promise<void> {
    const iterator = this.#source[Symbol.asyncIterator]();
    this.#iterator = iterator;
    if (this.#stopped) {
      await iterator.return?.();
      return;
    }
    for (let inTurn = 1; ; inTurn++) {
      const step = await iterator.next();
      if (this.#stopped) break;
      if (step.done) return;
      try {
        const item = this.#check === undefined ? step.value : await this.#check(step.value);
        if (this.#stopped) break;
        if (sink.item(item)) {
          if (inTurn % MOST_IN_TURN === 0) await new Promise<void>((resolve) => this.#clock.nextTurn(resolve));
          if (this.#stopped) break;
          continue;
        }
      } catch (error) {
        // What cannot be sent ends the source, as an error in the body of a loop does.
        this.stop();
        await this.#returned;
        throw error;
      }
      await new Promise<void>((resolve) => {
        this.#release = resolve;
      });
      if (this.#stopped) break;
    }
    await this.#returned;
  }

  /** The sink takes items again. */
  resume(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  /** Nobody wants further items: ends the source, as `break` does in a loop. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    // What it throws on its way out is told by `run`, where that waits for it.
    this.#returned = Promise.resolve(this.#iterator?.return?.());
    this.#returned.catch(() => {});
    this.resume();
  }
}

/**
 * Gives the outcome of a call to its reply, item by item where it is a stream. Resolves once that is over; never rejects.
 * For dispatchers that pass calls on; a scope that is cancelled ends the stream, too.
 */
export async function replyWith(output: unknown, reply: Reply, scope: Scope): Promise<void> {
  if (!isStream(output)) {
    reply.ok(output);
    return;
  }
  const pump = new Pump(output, scope.clock);
  const listener: Cancellable = { cancelled: () => pump.stop() };
  scope.add(listener);
  try {
    if (scope.error !== undefined) pump.stop();
    await pump.run(reply.stream(pump));
    if (scope.error === undefined) reply.ok(undefined);
    else reply.fail(toErrorData(scope.error));
  } catch (error) {
    reply.fail(toErrorData(error));
  } finally {
    scope.delete(listener);
  }
}

/** The error of a stream whose other end has gone. */
export function streamOver(): HadronError {
  return new HadronError("CANCELLED", "The call that this stream belongs to is over.");
}
