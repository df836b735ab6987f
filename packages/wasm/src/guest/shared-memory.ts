/** Where the bytes begin: before them stands a number by which the thread is woken. */
const BYTES_FROM = 8;
/** More bytes than these travel in a message of their own. */
const MOST_BYTES = 64 * 1024;

/** Bytes on their way between a replica and a thread: themselves, or how many of them lie in the memory that both see. */
export type Travelling = Uint8Array | number;

/**
 * What a replica and one of its threads both see, and no guest: a thread that waits here is awake in a third of the time that a message
 * takes, and a message without bytes of its own takes a third of what it takes with them. A call has it to itself: its input, and when
 * that was read, its output.
 */
export class SharedMemory {
  readonly buffer: SharedArrayBuffer;
  readonly #told: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BYTES_FROM + MOST_BYTES)) {
    this.buffer = buffer;
    this.#told = new Int32Array(buffer, 0, 1);
    this.#bytes = new Uint8Array(buffer, BYTES_FROM);
  }

  /** Lays bytes where the other side finds them, if there is room. */
  lay(bytes: Uint8Array): Travelling {
    if (bytes.length > MOST_BYTES) return bytes;
    this.#bytes.set(bytes);
    return bytes.length;
  }

  /** A copy of what the other side has laid there. */
  take(travelling: Travelling): Uint8Array {
    return typeof travelling === "number" ? this.#bytes.slice(0, travelling) : travelling;
  }

  /** Wakes the thread: there is a message for it. */
  wake(): void {
    Atomics.add(this.#told, 0, 1);
    Atomics.notify(this.#told, 0);
  }

  /**
   * Stands still until there is a message. The thread may be woken by what it has read already: so it looks again.
   *
   * @param look What there is; undefined: nothing.
   * @returns Undefined where there was none for so long.
   */
  wait<T>(look: () => T | undefined, ms = Number.POSITIVE_INFINITY): T | undefined {
    for (;;) {
      const seen = Atomics.load(this.#told, 0);
      const found = look();
      if (found !== undefined || Atomics.wait(this.#told, 0, seen, ms) === "timed-out") return found;
    }
  }
}
