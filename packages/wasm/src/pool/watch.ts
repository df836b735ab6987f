import { HadronError } from "@hadron/core";

/** Most calls are over before: nothing is spent on their time, nor on whether their caller is still there. */
const LOOK_AFTER_MS = 5;

/** Whoever waits for a call. It is asked for its signal late, and seldom: to make one is dear. */
export interface Waiting {
  readonly signal: AbortSignal;
}

/** Ends the call of a thread that runs out of its time, or whose caller has gone. */
export class Watch {
  readonly #timeoutMs: number;
  readonly #label: string;
  readonly #end: (reason: HadronError) => void;
  /** It is not stopped with a call, but begins anew with the next: that takes a tenth of the time. */
  #look: NodeJS.Timeout | undefined;
  #watched: { readonly by: Waiting; readonly startedAt: number } | undefined;
  /** Of a call that takes its time. */
  #leave: (() => void) | undefined;

  /** @param label How messages name the module. */
  constructor(timeoutMs: number, label: string, end: (reason: HadronError) => void) {
    this.#timeoutMs = timeoutMs;
    this.#label = label;
    this.#end = end;
  }

  /** A call begins. */
  begin(by: Waiting): void {
    this.#watched = { by, startedAt: performance.now() };
    if (this.#look !== undefined) this.#look.refresh();
    else this.#look = setTimeout(() => this.#looked(), Math.min(LOOK_AFTER_MS, this.#timeoutMs)).unref();
  }

  /** The call has ended. */
  over(): void {
    this.#watched = undefined;
    this.#leave?.();
    this.#leave = undefined;
  }

  /** There are no more calls. */
  close(): void {
    this.over();
    clearTimeout(this.#look);
  }

  #looked(): void {
    if (this.#watched === undefined) return;
    const { by, startedAt } = this.#watched;
    const { signal } = by;
    const gone = () => this.#end(callerGone(this.#label, signal));
    if (signal.aborted) return gone();
    const leftMs = this.#timeoutMs - (performance.now() - startedAt);
    const timer = setTimeout(() => this.#end(this.#late()), Math.max(0, Math.ceil(leftMs)));
    signal.addEventListener("abort", gone, { once: true });
    this.#leave = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", gone);
    };
  }

  #late(): HadronError {
    const message = `${this.#label}: it ran for ${this.#timeoutMs} ms, its limit, and was ended.`;
    return new HadronError("DEADLINE_EXCEEDED", message);
  }
}

function callerGone(label: string, { reason }: AbortSignal): HadronError {
  return new HadronError("CANCELLED", `${label}: its caller has gone.`, { cause: reason });
}
