const SLAB_BYTES = 16 * 1024;
const LARGEST_KEPT_BYTES = 512 * 1024;
const MOST_KEPT = 32;

/**
 * Buffers for frames under construction. A connection holds one only from the first frame of a turn until the bytes are
 * gone, so that ten thousand idle connections hold none.
 */
class Slabs {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  }

  give(slab: Buffer): void {
    if (this.#free.length < MOST_KEPT && slab.length <= LARGEST_KEPT_BYTES) this.#free.push(slab);
  }
}

// One a process: what is in it belongs to nobody.
export const slabs = new Slabs();
