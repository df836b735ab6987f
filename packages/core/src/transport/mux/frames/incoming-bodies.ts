import { ProtocolError } from "./frame-parser.ts";
import { WINDOW_BYTES } from "./frames.ts";

/** A large body on its way in. */
interface Arriving {
  readonly bytes: Buffer;
  at: number;
  unacknowledged: number;
}

/** Puts large bodies together, and lets the other side send on as they arrive. */
export class IncomingBodies {
  readonly #arriving = new Map<number, Arriving>();
  readonly #acknowledge: (id: number, bytes: number) => void;

  /** Bytes that were announced and are not whole yet: memory that the other side has claimed. */
  announcedBytes = 0;

  constructor(acknowledge: (id: number, bytes: number) => void) {
    this.#acknowledge = acknowledge;
  }

  /** The caller has checked that so many bytes are allowed. */
  announce(id: number, length: number): void {
    if (this.#arriving.has(id)) throw new ProtocolError(`Two bodies were announced under the id ${id}.`);
    this.announcedBytes += length;
    // Not zeroed and not touched before it arrives: the system gives memory to it page by page.
    this.#arriving.set(id, { bytes: Buffer.allocUnsafeSlow(length), at: 0, unacknowledged: 0 });
  }

  /** Adds a chunk; returns the body once it is whole. A chunk that nobody waits for any more is dropped. */
  add(id: number, bytes: Buffer, start: number, end: number): Buffer | undefined {
    const body = this.#arriving.get(id);
    if (body === undefined) return undefined;
    const length = end - start;
    if (length > body.bytes.length - body.at)
      throw new ProtocolError(`The body under the id ${id} is longer than announced.`);
    body.bytes.set(bytes.subarray(start, end), body.at);
    body.at += length;
    if (body.at === body.bytes.length) {
      this.drop(id);
      return body.bytes;
    }
    body.unacknowledged += length;
    if (body.unacknowledged >= WINDOW_BYTES / 2) {
      this.#acknowledge(id, body.unacknowledged);
      body.unacknowledged = 0;
    }
    return undefined;
  }

  drop(id: number): void {
    const body = this.#arriving.get(id);
    if (body === undefined) return;
    this.#arriving.delete(id);
    this.announcedBytes -= body.bytes.length;
  }

  clear(): void {
    this.#arriving.clear();
    this.announcedBytes = 0;
  }
}
