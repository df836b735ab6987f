const SLAB_BYTES = 16 * 1024;
const MOST_KEPT_BYTES = 2 * 1024 * 1024;

/**
 * Buffers for frames under construction. A connection holds one only from the first frame of a turn until the bytes are
 * gone, so that ten thousand idle connections hold none.
 */
class Slabs {
  readonly #free: Buffer[] = [];
  #bytes = 0;

  take(): Buffer {
    const slab = this.#free.pop();
    if (slab === undefined) return Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#bytes -= slab.length;
    return slab;
  }

  give(slab: Buffer): void {
    if (this.#bytes + slab.length > MOST_KEPT_BYTES) return;
    this.#bytes += slab.length;
    this.#free.push(slab);
  }
}

// One a process: what is in it belongs to nobody.
export const slabs = new Slabs();
