import type { LogLine } from "@hadron/core/spi";

/** What is kept of each replica. */
const KEPT_LINES = 1000;
const KEPT_CHARACTERS = 512 * 1024;
/** What a reader may be behind; older lines are then left out for it. */
const WAITING_LINES = 10_000;

interface Kept {
  readonly lines: (LogLine & { readonly number: number })[];
  characters: number;
}

/** The last lines of each replica, and whoever follows them. */
export class LogBuffer {
  readonly #replicas = new Map<string, Kept>();
  readonly #followers = new Set<(line: LogLine) => void>();
  #next = 0;

  add(line: LogLine): void {
    let kept = this.#replicas.get(line.replica);
    if (kept === undefined) {
      kept = { lines: [], characters: 0 };
      this.#replicas.set(line.replica, kept);
    }
    kept.lines.push({ ...line, number: this.#next++ });
    kept.characters += line.line.length;
    // Dropped in bulk: shifting an array at each line would be slow.
    if (kept.lines.length > 2 * KEPT_LINES || kept.characters > 2 * KEPT_CHARACTERS) {
      while (kept.lines.length > KEPT_LINES || (kept.characters > KEPT_CHARACTERS && kept.lines.length > 1)) {
        const half = kept.lines.splice(0, Math.max(1, kept.lines.length >> 2));
        for (const { line } of half) kept.characters -= line.length;
      }
    }
    for (const follower of this.#followers) follower(line);
  }

  /** The last lines of one replica, oldest first. */
  last(replica: string, count: number): readonly string[] {
    return (this.#replicas.get(replica)?.lines ?? []).slice(-count).map(({ line }) => line);
  }

  /** Forgets a replica that is gone for good. */
  forget(replica: string): void {
    this.#replicas.delete(replica);
  }

  /** What is kept, merged in the order in which it came, and with `follow` all that comes until the signal aborts. */
  async *read(
    options: { readonly service: string | undefined; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<LogLine> {
    const wanted = (line: LogLine) => options.service === undefined || line.service === options.service;
    const kept = [...this.#replicas.values()]
      .flatMap(({ lines }) => lines)
      .filter(wanted)
      .sort((a, b) => a.number - b.number);
    const waiting: LogLine[] = [];
    let dropped = 0;
    let wake = () => {};
    const follower = (line: LogLine) => {
      if (!wanted(line)) return;
      waiting.push(line);
      if (waiting.length > WAITING_LINES) dropped += waiting.splice(0, WAITING_LINES >> 1).length;
      wake();
    };
    const stop = () => wake();
    if (options.follow) this.#followers.add(follower);
    signal.addEventListener("abort", stop);
    try {
      for (const { number: _, ...line } of kept) {
        if (signal.aborted) return;
        yield line;
      }
      while (options.follow && !signal.aborted) {
        if (dropped > 0 && waiting[0] !== undefined) {
          yield { ...waiting[0], line: `… ${dropped} lines were left out: they came faster than they were read` };
          dropped = 0;
        }
        const line = waiting.shift();
        if (line !== undefined) yield line;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#followers.delete(follower);
      signal.removeEventListener("abort", stop);
    }
  }
}
