import { FrameParser, ProtocolError } from "../frames/frame-parser.ts";
import { CHUNK, PING, PONG, SKIP, WINDOW } from "../frames/frames.ts";
import { IncomingBodies } from "../frames/incoming-bodies.ts";
import { Decoder } from "../values/decoder.ts";
import { type Beating, Heartbeat } from "./heartbeat.ts";
import { Outbox } from "./outbox.ts";
import type { Pipe, PipeReader } from "./pipe.ts";

/** A silent peer of which nothing is known is given up after this: as long as a call may take where nobody said. */
const MOST_SILENT_MS = 30_000;

/** Where the system cannot tell yet. */
const LOOK_AGAIN_MS = 100;

/** What both ends of a connection have in common: frames in and out, large bodies, and whether the other is there. */
export abstract class Link implements PipeReader, Beating {
  protected readonly pipe: Pipe;
  protected readonly outbox: Outbox;
  protected readonly decoder = new Decoder();
  protected readonly bodies: IncomingBodies;
  protected readonly heartbeat: Heartbeat;
  readonly #parser: FrameParser;
  #over = false;
  #looking = false;

  constructor(pipe: Pipe, restMs: number) {
    this.pipe = pipe;
    this.outbox = new Outbox(pipe);
    this.bodies = new IncomingBodies((id, bytes) => this.outbox.small(WINDOW, id, bytes));
    this.heartbeat = new Heartbeat(this, restMs, pipe.clock);
    pipe.onDoubt(() => this.heartbeat.start());
    this.#parser = new FrameParser((kind, id, bytes, start, end) => this.#frame(kind, id, bytes, start, end));
  }

  /** Bytes that wait to be sent, or were announced and have not come yet. */
  get heldBytes(): number {
    return this.outbox.bufferedBytes + this.bodies.announcedBytes;
  }

  get mayVanish(): boolean {
    return this.pipe.mayVanish;
  }

  /** Whether an answer is awaited now. */
  abstract readonly waiting: boolean;
  /** Whether the handshake is still to come. */
  protected abstract readonly opening: boolean;
  /** A frame that only this end knows. */
  protected abstract frame(kind: number, id: number, bytes: Buffer, start: number, end: number): void;
  /** A large body is whole. */
  protected abstract body(id: number, bytes: Buffer): void;
  /** Called once; all calls under way must be told. */
  protected abstract over(reason: string): void;

  /** Something that the other side may say, and this may skip. */
  protected note(_id: number, _bytes: Buffer, _start: number, _end: number): void {}

  /** Before the frames, the handshake. */
  data(chunk: Buffer): void {
    this.frames(chunk);
  }

  protected frames(chunk: Buffer): void {
    this.heartbeat.heard();
    try {
      this.#parser.push(chunk);
    } catch (error) {
      // Whatever a peer sends, this process lives on.
      const text = error instanceof Error ? error.message : String(error);
      this.finish(
        error instanceof ProtocolError ? `the other side broke the protocol: ${text}` : `reading failed: ${text}`,
      );
    }
    // The chunk is the pipe's again.
    this.decoder.release();
  }

  drained(): void {
    this.outbox.drained();
  }

  ended(error: Error | undefined): void {
    this.finish(error === undefined ? "the other side closed the connection" : error.message);
  }

  ask(): void {
    this.outbox.small(PING, 0);
  }

  /** A peer that is busy is waited for, each call within its deadline; one that has gone is found within 3 s. */
  silent(ms: number): void {
    const reason = `the other side has been silent for ${ms / 1000} s, and did not answer when asked`;
    // Nothing was sent yet: the calls can go elsewhere.
    if (this.opening) this.finish(reason);
    else if (!this.#looking) this.#look(ms, reason);
  }

  #look(ms: number, reason: string): void {
    this.#looking = true;
    void this.pipe.look().then((state) => {
      this.#looking = false;
      // It may have answered meanwhile.
      if (this.#over || this.heartbeat.silentMs < ms) return;
      if (state === "gone" || (state === "unknown" && ms >= MOST_SILENT_MS)) this.finish(reason);
      else if (state === "unsure") {
        this.#looking = true;
        this.pipe.clock.after(LOOK_AGAIN_MS, () => this.#look(ms, reason)).unref();
      }
    });
  }

  /** Ends the connection at once, for a reason. */
  protected finish(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#parser.stop();
    this.heartbeat.stop();
    this.over(reason.replace(/\.$/, ""));
    this.outbox.close();
    this.bodies.clear();
    this.pipe.destroy();
  }

  #frame(kind: number, id: number, bytes: Buffer, start: number, end: number): void {
    switch (kind) {
      case CHUNK: {
        const whole = this.bodies.add(id, bytes, start, end);
        if (whole !== undefined) this.body(id, whole);
        return;
      }
      case WINDOW:
        this.outbox.widen(id, readUint32(bytes, start, end));
        return;
      case PING:
        this.outbox.small(PONG, 0);
        return;
      case PONG:
        return;
      case SKIP:
        this.note(id, bytes, start, end);
        return;
      default:
        this.frame(kind, id, bytes, start, end);
        return;
    }
  }
}

/** Throws a {@link ProtocolError} where the frame is too short. */
export function readUint32(bytes: Buffer, at: number, end: number): number {
  if (at + 4 > end) throw new ProtocolError(`A frame ends after ${end - at} bytes where a number should be.`);
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
