import type { Clockwork } from "../../../clock/clockwork.ts";
import type { PeerState } from "./tcp-state.ts";

/** Whoever reads a pipe. */
export interface PipeReader {
  /** The next bytes. They may be overwritten once this returns. */
  data(chunk: Buffer): void;
  /** What was written has gone on: there is room again. Told after a `write` that returned false. */
  drained(): void;
  /** The pipe has ended; told once. Undefined: the other side closed it. */
  ended(error: Error | undefined): void;
}

/** Bytes both ways between two processes, or two replicas in one. The protocol knows nothing else of where it runs. */
export interface Pipe {
  /** The time of the connection over it. */
  readonly clock: Clockwork;
  /** Whether the other side can vanish without a word, so that silence must be taken for its end. */
  readonly mayVanish: boolean;
  /** Calls back when it begins to be so. */
  onDoubt(doubted: () => void): void;
  /** Whether the other side is there although it is silent. Never rejects. */
  look(): Promise<PeerState>;
  /** Bytes that were written and are still here. While there are any, the written chunks must not be touched. */
  readonly bufferedBytes: number;
  /** Begins to read. Called once; nothing is told in this very turn of the call. */
  read(reader: PipeReader): void;
  /** Sends chunks in order. Returns false when enough is waiting; what is written nevertheless is kept. */
  write(chunks: readonly Buffer[]): boolean;
  pause(): void;
  resume(): void;
  /** Whether it keeps the process alive. */
  ref(): void;
  unref(): void;
  /** Ends it once what was written has gone. */
  end(): void;
  /** Ends it at once. */
  destroy(): void;
}
