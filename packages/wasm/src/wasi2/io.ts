import { WasiError } from "../wasi/errno.ts";
import { codeOf, Failure } from "./failure.ts";

/** At once, so that a guest that wants a lot can be ended. */
const PART_BYTES = 65_536;

/** `wasi:io/error`. */
export class StreamFailure {
  /** Of `wasi:filesystem`, where it is about a file. */
  readonly code: string;

  constructor(code: string) {
    this.code = code;
  }

  toDebugString(): string {
    return this.code;
  }
}

/** `wasi:io/poll`: what is waited for. What is open is always ready, since reading and writing wait by themselves. */
export class Pollable {
  readonly #leftMs: () => number;

  /** @param leftMs Until it is ready. */
  constructor(leftMs: () => number = () => 0) {
    this.#leftMs = leftMs;
  }

  get leftMs(): number {
    return this.#leftMs();
  }

  ready(): boolean {
    return this.leftMs <= 0;
  }

  block(): void {
    poll([this]);
  }
}

/** Waits until one of them is ready, and says which are. */
export function poll(pollables: readonly Pollable[]): Uint32Array {
  if (pollables.length === 0) throw new Error("it waits for nothing");
  const soonest = Math.min(...pollables.map(({ leftMs }) => leftMs));
  // The end of the thread ends it.
  if (soonest > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, soonest);
  return Uint32Array.from(
    pollables.flatMap((pollable, index) => (pollable.leftMs <= soonest || pollable.ready() ? [index] : [])),
  );
}

/** `wasi:io/streams`. */
export class InputStream {
  readonly #read: (target: Uint8Array) => number;

  /** @param read Fills the target; says how many there were. 0: that is its end. */
  constructor(read: (target: Uint8Array) => number) {
    this.#read = read;
  }

  read(length: bigint): Uint8Array {
    const target = new Uint8Array(Number(length < PART_BYTES ? length : PART_BYTES));
    if (target.length === 0) return target;
    const count = orFailed(() => this.#read(target));
    if (count === 0) throw new Failure({ tag: "closed" });
    return target.subarray(0, count);
  }

  blockingRead(length: bigint): Uint8Array {
    return this.read(length);
  }

  skip(length: bigint): bigint {
    return BigInt(this.read(length).length);
  }

  blockingSkip(length: bigint): bigint {
    return this.skip(length);
  }

  subscribe(): Pollable {
    return new Pollable();
  }
}

/** `wasi:io/streams`. */
export class OutputStream {
  readonly #write: (bytes: Uint8Array) => void;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  checkWrite(): bigint {
    return BigInt(PART_BYTES);
  }

  write(bytes: Uint8Array): void {
    orFailed(() => this.#write(bytes));
  }

  blockingWriteAndFlush(bytes: Uint8Array): void {
    this.write(bytes);
  }

  flush(): void {}

  blockingFlush(): void {}

  writeZeroes(length: bigint): void {
    if (length > PART_BYTES) throw new Error("it writes more than there is room for");
    this.write(new Uint8Array(Number(length)));
  }

  blockingWriteZeroesAndFlush(length: bigint): void {
    this.writeZeroes(length);
  }

  splice(from: InputStream, length: bigint): bigint {
    const bytes = from.read(length);
    this.write(bytes);
    return BigInt(bytes.length);
  }

  blockingSplice(from: InputStream, length: bigint): bigint {
    return this.splice(from, length);
  }

  subscribe(): Pollable {
    return new Pollable();
  }
}

function orFailed<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof WasiError)) throw error;
    throw new Failure({ tag: "last-operation-failed", val: new StreamFailure(codeOf(error)) });
  }
}
