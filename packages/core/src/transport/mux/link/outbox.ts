import type { Flushable } from "../../../clock/end-of-turn.ts";
import { CHUNK, HEADER_BYTES, LARGE_BYTES, SKIP } from "../frames/frames.ts";
import { OutgoingBodies } from "../frames/outgoing-bodies.ts";
import { slabs } from "../frames/slabs.ts";
import { Encoder } from "../values/encoder.ts";
import { NotEncodable } from "../values/not-encodable.ts";
import type { Pipe } from "./pipe.ts";

/** What waits in one connection at most, before further calls are turned away. */
export const MOST_BUFFERED_BYTES = 64 * 1024 * 1024;

/** Something that waits until there is room, or its large body has left. */
export interface Waiting {
  look(): void;
}

const NOTHING = Buffer.alloc(0);
const TOO_LARGE = new NotEncodable("size");

/**
 * The outgoing side of a connection: frames are written into one buffer and leave together at the end of the turn. Large
 * bodies follow in chunks, one of each in turn, and only while the pipe takes them, so that small frames pass them by.
 */
export class Outbox implements Flushable {
  readonly #pipe: Pipe;
  /** Takes the frames; another one while a frame is made inside a frame. */
  #encoder = new Encoder(NOTHING);
  #building = false;
  #outer: Encoder[] = [];
  #nested: Buffer[] = [];
  readonly #bodies = new OutgoingBodies();
  readonly #waiting = new Set<Waiting>();
  #scheduled = false;
  #held = true;
  #ended = false;
  #full = false;
  /** Counts flushes: a frame has been handed to the pipe once this is larger than when it was made. */
  turn = 1;
  /** Where the last frame begins, for {@link retract}, within this turn; -1: it cannot be retracted. */
  lastFrame = -1;

  constructor(pipe: Pipe) {
    this.#pipe = pipe;
  }

  /** Bytes of frames that wait here or in the pipe, large bodies aside. */
  get backlogBytes(): number {
    return this.#encoder.at - this.#encoder.base + this.#pipe.bufferedBytes;
  }

  /** Bytes that have not gone to the pipe. */
  get pendingBytes(): number {
    return this.#ended ? 0 : this.#encoder.at - this.#encoder.base + this.#bodies.bytes;
  }

  /** All bytes that wait. */
  get bufferedBytes(): number {
    return this.backlogBytes + this.#bodies.bytes;
  }

  /** Until this, frames are collected and nothing is sent. */
  open(): void {
    this.#held = false;
    this.#schedule();
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#ended = true;
    this.#bodies.clear();
    this.#waiting.clear();
    this.#encoder = new Encoder(NOTHING);
  }

  /** Whether the large body of this id has not left yet. */
  isSending(id: number): boolean {
    return this.#bodies.has(id);
  }

  /** Has something look again whenever bytes have left. */
  await(waiting: Waiting): void {
    this.#waiting.add(waiting);
  }

  forget(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  /** Whether the frame of this id, made in that turn, has gone to the pipe, its large body included. */
  isHanded(id: number, turn: number): boolean {
    return turn < this.turn && !this.#bodies.has(id);
  }

  /**
   * Begins a frame. Write its body into the returned encoder, then call {@link end} or {@link undo}. In between, getters
   * of what is encoded may run, and may call a service: frames made then come after this one.
   */
  begin(kind: number, id: number): Encoder {
    if (this.#building) {
      this.#outer.push(this.#encoder);
      this.#encoder = new Encoder(NOTHING);
    }
    this.#building = true;
    const encoder = this.#encoder;
    if (encoder.bytes === NOTHING) encoder.use(slabs.take());
    encoder.mark = encoder.at;
    encoder.limit = Number.POSITIVE_INFINITY;
    encoder.room(HEADER_BYTES);
    encoder.bytes[encoder.at] = kind;
    encoder.view.setUint32(encoder.at + 4, id, true);
    encoder.at += HEADER_BYTES;
    return encoder;
  }

  /**
   * Writes a value as the rest of the frame, and ends it; a large one as the next kind, with its body in chunks. Returns
   * its bytes. Throws what {@link Encoder.value} throws; then the frame is undone.
   */
  endWithValue(value: unknown, limit: number): number {
    const encoder = this.#encoder;
    const before = encoder.at - encoder.mark;
    encoder.limit = before + limit;
    let length: number;
    try {
      encoder.value(value, 0);
      length = encoder.at - encoder.mark - before;
      if (length > limit) throw TOO_LARGE;
      if (length > LARGE_BYTES) this.#detach(encoder, before, length);
    } catch (error) {
      this.undo();
      throw error;
    }
    this.end();
    return length;
  }

  end(): void {
    const encoder = this.#encoder;
    const length = encoder.at - encoder.mark - HEADER_BYTES;
    const { bytes, mark } = encoder;
    bytes[mark + 1] = length & 255;
    bytes[mark + 2] = (length >> 8) & 255;
    bytes[mark + 3] = length >> 16;
    this.lastFrame = this.#outer.length > 0 ? -1 : mark - encoder.base;
    this.#finish();
  }

  /** Takes the frame under construction back. */
  undo(): void {
    this.#encoder.at = this.#encoder.mark;
    this.#finish();
  }

  /** Makes nothing of a frame that has not been handed on: the other side skips it. */
  retract(id: number, frame: number): void {
    this.drop(id);
    const { bytes, base } = this.#encoder;
    bytes[base + frame] = SKIP;
  }

  /** A frame without a body, or with one number. */
  small(kind: number, id: number, content?: number): void {
    const encoder = this.begin(kind, id);
    if (content !== undefined) {
      encoder.room(4);
      encoder.view.setUint32(encoder.at, content, true);
      encoder.at += 4;
    }
    this.end();
  }

  /** The other side takes more of a body. */
  widen(id: number, bytes: number): void {
    if (this.#bodies.widen(id, bytes)) this.#schedule();
  }

  /** Nobody wants the rest of this body. */
  drop(id: number): void {
    this.#bodies.drop(id);
  }

  /** The pipe has room again. */
  drained(): void {
    this.#full = false;
    this.flush();
    if (this.#waiting.size > 0) this.#tellWaiting();
  }

  flush(): void {
    this.#scheduled = false;
    // While the pipe is full, frames stay here: what has not been handed on is known to be unsent.
    if (this.#held || this.#ended || this.#full) return;
    const encoder = this.#encoder;
    const chunks: Buffer[] = [];
    if (encoder.at > encoder.base) {
      chunks.push(encoder.bytes.subarray(encoder.base, encoder.at));
      encoder.base = encoder.at;
    }
    if (this.#bodies.size > 0) this.#bodies.takeChunks((id, content) => this.#addChunk(chunks, id, content));
    if (chunks.length === 0) return;
    this.turn++;
    this.#full = !this.#pipe.write(chunks);
    if (this.#pipe.bufferedBytes === 0) {
      slabs.give(encoder.bytes);
      encoder.use(NOTHING);
    } else if (encoder.bytes.length - encoder.at < 2048) {
      // The pipe still needs it.
      encoder.use(NOTHING);
    }
    if (this.#bodies.size > 0 && chunks.length > 1) this.#schedule();
    if (this.#waiting.size > 0) this.#tellWaiting();
  }

  #addChunk(chunks: Buffer[], id: number, content: Buffer): void {
    const encoder = this.#encoder;
    if (encoder.bytes === NOTHING) encoder.use(slabs.take());
    encoder.mark = encoder.at;
    encoder.limit = Number.POSITIVE_INFINITY;
    encoder.room(HEADER_BYTES);
    const { at } = encoder;
    encoder.view.setUint32(at, ((content.length << 8) | CHUNK) >>> 0, true);
    encoder.view.setUint32(at + 4, id, true);
    encoder.at += HEADER_BYTES;
    encoder.base = encoder.at;
    chunks.push(encoder.bytes.subarray(at, encoder.at), content);
  }

  #schedule(): void {
    if (this.#scheduled || this.#held || this.#ended) return;
    this.#scheduled = true;
    this.#pipe.clock.endOfTurn(this);
  }

  #tellWaiting(): void {
    for (const waiting of [...this.#waiting]) waiting.look();
  }

  /** Takes a large value out of the frame, which then only announces it. */
  #detach(encoder: Encoder, before: number, length: number): void {
    const start = encoder.mark + before;
    let bytes: Buffer;
    if (start - encoder.base < length) {
      // What is before it is less: that moves.
      bytes = encoder.bytes.subarray(start, encoder.at);
      const head = encoder.bytes.subarray(encoder.base, start);
      const mark = encoder.mark - encoder.base;
      encoder.use(head.length < 8192 ? slabs.take() : Buffer.allocUnsafeSlow(head.length * 2));
      encoder.bytes.set(head);
      encoder.mark = mark;
      encoder.at = head.length;
    } else {
      bytes = Buffer.from(encoder.bytes.subarray(start, encoder.at));
      encoder.at = start;
    }
    encoder.limit = Number.POSITIVE_INFINITY;
    encoder.room(4);
    encoder.view.setUint32(encoder.at, length, true);
    encoder.at += 4;
    encoder.bytes[encoder.mark]! += 1;
    const id = encoder.view.getUint32(encoder.mark + 4, true);
    this.#bodies.add(id, bytes);
  }

  #finish(): void {
    const outer = this.#outer.pop();
    if (outer !== undefined) {
      const inner = this.#encoder;
      this.#nested.push(Buffer.from(inner.bytes.subarray(inner.base, inner.at)));
      this.#encoder = outer;
      return;
    }
    this.#building = false;
    if (this.#nested.length > 0) {
      for (const frame of this.#nested.splice(0)) this.#encoder.append(frame);
    }
    this.#schedule();
  }
}
