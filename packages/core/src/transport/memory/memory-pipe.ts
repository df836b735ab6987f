import { AsyncLocalStorage } from "node:async_hooks";
import type { Clockwork } from "../../clock/clockwork.ts";
import { createSystemClock } from "../../clock/system-clock.ts";
import type { Pipe, PipeReader } from "../mux/link/pipe.ts";
import type { PeerState } from "../mux/link/tcp-state.ts";

const ENOUGH_BYTES = 256 * 1024;

/**
 * Runs in nobody's context: what a caller keeps in an AsyncLocalStorage of its own does not reach a handler here, as it
 * does not reach another process.
 */
const inNoContext = AsyncLocalStorage.snapshot();

/** What is wrong with a way between two pipes; shared by all of one endpoint and changed while they are open. */
export interface Faults {
  /** Each chunk is delivered so much later. */
  delayMs: number;
  /** Nothing is delivered, and nobody is told. */
  hung: boolean;
}

interface Piece {
  /** Undefined: the end. */
  readonly chunk: Buffer | undefined;
  readonly dueAt: number;
}

/** Two pipes: what is written into one comes out of the other, at the end of the turn or later. */
export function createMemoryPipes(faults: Faults, clock = createSystemClock()): readonly [MemoryPipe, MemoryPipe] {
  const pipes = [new MemoryPipe(faults, clock), new MemoryPipe(faults, clock)] as const;
  pipes[0].other = pipes[1];
  pipes[1].other = pipes[0];
  return pipes;
}

/** One of a pair. */
export class MemoryPipe implements Pipe {
  readonly clock: Clockwork;
  other: MemoryPipe | undefined;
  bufferedBytes = 0;
  readonly #faults: Faults;
  readonly #queue: Piece[] = [];
  #reader: PipeReader | undefined;
  #doubted = () => {};
  #paused = false;
  #gone = false;
  #finishing = false;
  #full = false;
  #scheduled = false;

  constructor(faults: Faults, clock: Clockwork) {
    this.clock = clock;
    this.#faults = faults;
  }

  /** In one process nobody goes without a word, unless a test has it so. */
  get mayVanish(): boolean {
    return this.#faults.hung;
  }

  onDoubt(doubted: () => void): void {
    this.#doubted = doubted;
  }

  /** From now on it {@link mayVanish}. */
  doubt(): void {
    this.#doubted();
  }

  read(reader: PipeReader): void {
    this.#reader = reader;
    this.other?.deliver();
  }

  async look(): Promise<PeerState> {
    return this.#faults.hung ? "gone" : "there";
  }

  write(chunks: readonly Buffer[]): boolean {
    if (this.#gone || this.#finishing) return true;
    for (const chunk of chunks) {
      this.bufferedBytes += chunk.length;
      this.#queue.push({ chunk, dueAt: this.clock.now() + this.#faults.delayMs });
    }
    this.deliver();
    this.#full = this.bufferedBytes >= ENOUGH_BYTES;
    return !this.#full;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.other?.deliver();
  }

  ref(): void {}

  unref(): void {}

  end(): void {
    if (this.#gone || this.#finishing) return;
    this.#finishing = true;
    this.#queue.push({ chunk: undefined, dueAt: this.clock.now() + this.#faults.delayMs });
    this.deliver();
  }

  destroy(): void {
    if (this.#gone) return;
    this.end();
    this.#gone = true;
    this.clock.nextTurn(() => this.#reader?.ended(undefined));
  }

  /** Breaks at once: what is on its way is lost. */
  break(error: Error): void {
    this.#queue.length = 0;
    this.bufferedBytes = 0;
    if (this.#gone) return;
    this.#gone = true;
    this.clock.nextTurn(() => this.#reader?.ended(error));
  }

  /** Delivers what is due, soon. Called again when a fault goes away. */
  deliver(): void {
    const first = this.#queue[0];
    if (first === undefined || this.#scheduled || this.#blocked) return;
    const waitMs = first.dueAt - this.clock.now();
    const run = () => {
      this.#scheduled = false;
      this.#deliverDue();
    };
    this.#scheduled = true;
    if (waitMs > 0) inNoContext(() => this.clock.after(Math.ceil(waitMs), run));
    else inNoContext(() => this.clock.nextTurn(run));
  }

  get #blocked(): boolean {
    const other = this.other;
    return this.#faults.hung || other === undefined || other.#reader === undefined || other.#paused;
  }

  #deliverDue(): void {
    const other = this.other!;
    for (let piece = this.#queue[0]; piece !== undefined && !this.#blocked; piece = this.#queue[0]) {
      if (piece.dueAt > this.clock.now()) break;
      this.#queue.shift();
      if (piece.chunk === undefined) {
        other.#endedByOther();
      } else {
        this.bufferedBytes -= piece.chunk.length;
        if (!other.#gone) other.#reader?.data(piece.chunk);
      }
    }
    if (this.#full && this.bufferedBytes < ENOUGH_BYTES && !this.#gone) {
      this.#full = false;
      this.#reader?.drained();
    }
    this.deliver();
  }

  #endedByOther(): void {
    if (this.#gone) return;
    // As a socket does that is not half-open on purpose.
    this.end();
    this.#gone = true;
    this.#reader?.ended(undefined);
  }
}
