import { CHUNK_BYTES, WINDOW_BYTES } from "./frames.ts";

/** How many chunks are written at once: enough to keep a pipe busy, few enough for small frames to pass soon. */
const BURST = 4;

/** A large body on its way out. */
interface Leaving {
  readonly id: number;
  readonly bytes: Buffer;
  at: number;
  window: number;
}

/** Large bodies on their way out: in chunks, one of each in turn, as far as the other side lets them. */
export class OutgoingBodies {
  readonly #leaving = new Map<number, Leaving>();

  /** Bytes that have not left. */
  bytes = 0;

  get size(): number {
    return this.#leaving.size;
  }

  has(id: number): boolean {
    return this.#leaving.has(id);
  }

  add(id: number, bytes: Buffer): void {
    this.#leaving.set(id, { id, bytes, at: 0, window: WINDOW_BYTES });
    this.bytes += bytes.length;
  }

  /** The other side takes more of a body. False: there is none of this id. */
  widen(id: number, bytes: number): boolean {
    const body = this.#leaving.get(id);
    if (body === undefined) return false;
    body.window += bytes;
    return true;
  }

  /** Nobody wants the rest of this body. */
  drop(id: number): void {
    const body = this.#leaving.get(id);
    if (body === undefined) return;
    this.#leaving.delete(id);
    this.bytes -= body.bytes.length - body.at;
  }

  clear(): void {
    this.#leaving.clear();
    this.bytes = 0;
  }

  /** Hands on the next chunks, one of each body in turn. */
  takeChunks(take: (id: number, chunk: Buffer) => void): void {
    let left = BURST;
    for (let some = true; some && left > 0; ) {
      some = false;
      for (const body of [...this.#leaving.values()].slice(0, left)) {
        const size = Math.min(CHUNK_BYTES, body.window, body.bytes.length - body.at);
        // To the back of the line, or out of it.
        this.#leaving.delete(body.id);
        if (body.at + size < body.bytes.length) this.#leaving.set(body.id, body);
        if (size === 0) continue;
        take(body.id, body.bytes.subarray(body.at, body.at + size));
        body.at += size;
        body.window -= size;
        this.bytes -= size;
        some = true;
        left--;
      }
    }
  }
}
