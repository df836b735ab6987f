import { randomInt } from "node:crypto";
import { GuestError } from "../guest/error.ts";
import type { GuestLimits } from "../guest/protocol.ts";

/** Bytes that go between a guest and its host, or between two guests, with headers and a status as HTTP has them. */
export interface ExchangeBuffer {
  bytes: Uint8Array;
  readonly headers: Map<string, string>;
  status: number | undefined;
}

/** So many can be told apart; handles are positive numbers of 32 bits that say nothing of each other. */
const HANDLES = 0x7fff_0000;
/** Below it are the codes of errors. */
const FIRST_HANDLE = 0x1_0000;

/** The buffers of one call and of those that it makes. */
export class ExchangeBuffers {
  readonly input: number;
  readonly output: number;
  readonly #limits: GuestLimits;
  readonly #buffers = new Map<number, ExchangeBuffer>();
  #bytes = 0;

  constructor(input: Uint8Array, limits: GuestLimits) {
    this.#limits = limits;
    this.input = this.create(input);
    this.output = this.create(new Uint8Array());
  }

  create(bytes: Uint8Array): number {
    if (this.#buffers.size >= this.#limits.buffers) {
      throw new GuestError("TOO_LARGE", `it has ${this.#limits.buffers} buffers open, which is the most`);
    }
    this.#grow(bytes.length);
    let id: number;
    do id = randomInt(FIRST_HANDLE, HANDLES);
    while (this.#buffers.has(id));
    this.#buffers.set(id, { bytes, headers: new Map(), status: undefined });
    return id;
  }

  find(id: number): ExchangeBuffer | undefined {
    return this.#buffers.get(id);
  }

  append(buffer: ExchangeBuffer, bytes: Uint8Array): void {
    this.#grow(bytes.length);
    buffer.bytes = Buffer.concat([buffer.bytes, bytes]);
  }

  free(id: number): boolean {
    const buffer = this.#buffers.get(id);
    // What goes in and what goes out is the host's.
    if (buffer === undefined || id === this.input || id === this.output) return false;
    this.#bytes -= buffer.bytes.length;
    return this.#buffers.delete(id);
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.bufferBytes) {
      throw new GuestError("TOO_LARGE", `its buffers hold more than ${this.#limits.bufferBytes} bytes`);
    }
  }
}

/** A map of texts as guests read it: twice the count, then each key and value with its length, in little-endian 32 bits. */
export function packMap(entries: Iterable<readonly [string, string | Uint8Array]>): Uint8Array {
  const parts = [...entries].flat().map((part) => Buffer.from(part));
  const length = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  return Buffer.concat([length(parts.length), ...parts.flatMap((part) => [length(part.length), part])]);
}
