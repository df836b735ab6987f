import { HadronError } from "@hadron/core";
import { MEMORY_BYTES } from "../machine/state.ts";

export interface ProgramStoreOptions {
  /** The name of the replica that it is in, for messages. */
  readonly name: string;
  /** Begins every id that it gives: no other store, nor an earlier one of this replica, has the same. */
  readonly prefix: string;
  readonly maxPrograms: number;
  /** A program that nobody touched for so long is given up. */
  readonly idleMs: number;
  /** Milliseconds on any clock that does not jump. */
  readonly now: () => number;
}

interface Held {
  readonly bytes: Uint8Array;
  touchedAt: number;
  /** The last step that stored something. */
  step: number;
}

/**
 * The bytes of programs. Whoever drives a program counts its steps up, and may do a step again as long as the next one
 * has not stored anything:
 *
 * - F1: a step stores once; storing again in the same step changes nothing.
 * - F2: a store of a step before the last one that stored is refused: its sender was taken for dead.
 *
 * A node gets the memory as it was before the step, and stores nothing itself. So a step that is done twice, wholly or in
 * part, has done what it does once.
 */
export class ProgramStore {
  readonly #options: ProgramStoreOptions;
  readonly #programs = new Map<string, Held>();
  #serial = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(options: ProgramStoreOptions) {
    this.#options = options;
  }

  /** How many programs it holds. */
  get size(): number {
    this.#sweep();
    return this.#programs.size;
  }

  /** Takes a program in, zeros behind it; returns its id. OVERLOADED if there is no room. */
  allocate(bytes: readonly number[]): string {
    this.#sweep();
    const { maxPrograms, prefix, name, now } = this.#options;
    if (this.#programs.size >= maxPrograms) {
      throw new HadronError("OVERLOADED", `${name} holds ${maxPrograms} programs, and no more; wait until some end.`);
    }
    if (bytes.length > MEMORY_BYTES || !bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)) {
      throw new HadronError("INVALID_INPUT", `A program is at most ${MEMORY_BYTES} bytes, each 0 to 255.`);
    }
    const id = `${prefix}-${++this.#serial}`;
    const held = new Uint8Array(MEMORY_BYTES);
    held.set(bytes);
    this.#programs.set(id, { bytes: held, touchedAt: now(), step: 0 });
    return id;
  }

  /** Stores bytes, given as address, byte, address, byte, … */
  store(id: string, step: number, stores: readonly number[]): void {
    const held = this.#get(id);
    if (step < held.step) {
      // F2
      throw new HadronError("ABORTED", `Step ${step} of program ${id} is over: step ${held.step} has stored since.`);
    }
    if (step === held.step) return; // F1
    for (let i = 0; i < stores.length; i += 2) held.bytes[stores[i]!] = stores[i + 1]!;
    held.step = step;
  }

  /** All bytes of a program. */
  read(id: string): number[] {
    return [...this.#get(id).bytes];
  }

  /** Forgets a program. Whether it was there. */
  free(id: string): boolean {
    return this.#programs.delete(id);
  }

  #get(id: string): Held {
    const held = this.#programs.get(id);
    if (held === undefined) throw this.#missing(id);
    held.touchedAt = this.#options.now();
    return held;
  }

  #missing(id: string): HadronError {
    const { name, prefix, idleMs } = this.#options;
    if (id.startsWith(`${prefix}-`)) {
      const why = `it was freed, or not touched for ${idleMs} ms`;
      return new HadronError("NOT_FOUND", `${name} no longer has the program ${id}: ${why}.`);
    }
    return new HadronError("ABORTED", `${name} died, and the bytes of program ${id} with it; run the program again.`);
  }

  /** Gives idle programs up: looked for at most once a second, when somebody comes by. */
  #sweep(): void {
    const { now, idleMs } = this.#options;
    const at = now();
    if (at - this.#sweptAt < Math.min(1000, idleMs)) return;
    this.#sweptAt = at;
    for (const [id, { touchedAt }] of this.#programs) if (at - touchedAt >= idleMs) this.#programs.delete(id);
  }
}
