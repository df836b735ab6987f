/** A guest pointed outside of its memory. */
export class OutOfBounds extends Error {}

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/**
 * A guest's memory as the host sees it. Pointers arrive as signed numbers, and every view is stale once the memory has
 * grown: both are taken care of here, and nowhere else. Throws {@link OutOfBounds}.
 */
export class GuestMemory {
  readonly #find: () => WebAssembly.Memory;
  #view: DataView<ArrayBuffer> | undefined;

  /** @param find The memory; there is none before the guest is instantiated. */
  constructor(find: () => WebAssembly.Memory) {
    this.#find = find;
  }

  /** The bytes themselves: good until the guest runs again. */
  bytes(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    const from = this.#check(pointer, length >>> 0);
    return new Uint8Array(this.#current().buffer, from, length >>> 0);
  }

  /** A copy of the bytes. */
  copy(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    return this.bytes(pointer, length).slice();
  }

  /** Throws {@link OutOfBounds} where it is not UTF-8, too. */
  text(pointer: number, length: number): string {
    try {
      return decoder.decode(this.bytes(pointer, length));
    } catch (error) {
      if (error instanceof OutOfBounds) throw error;
      throw new OutOfBounds("what should be UTF-8 is not");
    }
  }

  u8(pointer: number): number {
    return this.#current().getUint8(this.#check(pointer, 1));
  }

  u16(pointer: number): number {
    return this.#current().getUint16(this.#check(pointer, 2), true);
  }

  u32(pointer: number): number {
    return this.#current().getUint32(this.#check(pointer, 4), true);
  }

  u64(pointer: number): bigint {
    return this.#current().getBigUint64(this.#check(pointer, 8), true);
  }

  setU8(pointer: number, value: number): void {
    this.#current().setUint8(this.#check(pointer, 1), value);
  }

  setU16(pointer: number, value: number): void {
    this.#current().setUint16(this.#check(pointer, 2), value, true);
  }

  setU32(pointer: number, value: number): void {
    this.#current().setUint32(this.#check(pointer, 4), value, true);
  }

  setU64(pointer: number, value: bigint | number): void {
    this.#current().setBigUint64(this.#check(pointer, 8), BigInt.asUintN(64, BigInt(value)), true);
  }

  write(pointer: number, bytes: Uint8Array): void {
    this.bytes(pointer, bytes.length).set(bytes);
  }

  /** Lists of text as C has them: pointers at `table`, and at `data` each with a zero behind it. */
  writeTexts(table: number, data: number, texts: readonly string[]): void {
    let at = data;
    for (const [index, bytes] of texts.map((text) => encoder.encode(`${text}\0`)).entries()) {
      this.setU32((table >>> 0) + index * 4, at);
      this.write(at, bytes);
      at = (at >>> 0) + bytes.length;
    }
  }

  #check(pointer: number, length: number): number {
    const from = pointer >>> 0;
    const size = this.#current().byteLength;
    if (from + length > size) throw new OutOfBounds(`${length} bytes at ${from}, of ${size}`);
    return from;
  }

  #current(): DataView<ArrayBuffer> {
    const { buffer } = this.#find();
    if (this.#view?.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }
}
