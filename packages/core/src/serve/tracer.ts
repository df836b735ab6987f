import type { Clockwork } from "../clock/clockwork.ts";
import { BUILT_INS, type Trace, type TraceOptions } from "../describe/built-in.ts";
import { HadronError } from "../errors.ts";
import { type CallRecorder, createCallRecorder } from "../observe/call-recorder.ts";
import { type Observable, observe } from "../observe/observer.ts";

const DEFAULT_MS = 60_000;
const MOST_MS = 3_600_000;

export interface TracerOptions {
  readonly replica: string;
  readonly clock: Clockwork;
  /** Where calls leave and come. */
  readonly places: readonly Observable[];
}

/** Records the calls of one replica for as long as somebody asks for them: one that nobody asks pays nothing. */
export class Tracer {
  readonly #options: TracerOptions;
  #recorder: CallRecorder | undefined;
  #stopTimer = () => {};
  #unobserve = () => {};

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  /**
   * Gives the calls that have ended since it was asked before, and goes on recording for a while. INVALID_INPUT where that is
   * no time; FAILED_PRECONDITION where somebody else observes the calls.
   */
  take(options: unknown): Trace {
    const forMs = readForMs(options);
    const { clock, replica } = this.#options;
    const recorder = this.#recorder ?? this.#start();
    // Questions to the replica itself would fill what they ask for.
    const records = recorder.take().filter(({ procedure }) => !BUILT_INS.includes(procedure));
    this.#stopTimer();
    if (forMs === 0) this.#end();
    else {
      const timer = clock.after(forMs, () => this.#end()).unref();
      this.#stopTimer = () => clock.cancel(timer);
    }
    return { replica, now: clock.now(), wallNow: clock.wallNow(), records };
  }

  #start(): CallRecorder {
    const recorder = createCallRecorder(this.#options.clock);
    const ends: (() => void)[] = [];
    try {
      for (const place of this.#options.places) ends.push(observe(place, recorder));
    } catch (error) {
      for (const end of ends) end();
      throw error;
    }
    this.#recorder = recorder;
    this.#unobserve = () => {
      for (const end of ends) end();
    };
    return recorder;
  }

  #end(): void {
    this.#unobserve();
    this.#recorder = undefined;
  }
}

function readForMs(options: unknown): number {
  const { forMs = DEFAULT_MS } = (options ?? {}) as TraceOptions;
  if (typeof forMs === "number" && forMs >= 0 && forMs <= MOST_MS) return forMs;
  throw new HadronError(
    "INVALID_INPUT",
    `hadron.trace: forMs is ${JSON.stringify(forMs)}, and should be milliseconds from 0 to ${MOST_MS}.`,
  );
}
