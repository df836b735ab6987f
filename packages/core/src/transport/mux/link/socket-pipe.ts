import { createConnection, type Socket } from "node:net";
import type { Clockwork } from "../../../clock/clockwork.ts";
import type { Pipe, PipeReader } from "./pipe.ts";
import { type PeerState, readTcpState } from "./tcp-state.ts";

/**
 * All reads of all sockets that this process opens go here: what arrives is used up before the next read, and a fresh
 * buffer for each would cost more than reading it.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** Where a socket listens. */
export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * A socket that was accepted, as a {@link Pipe}.
 *
 * @param tcp A host at the other end of TCP can vanish; with a Unix socket, the kernel tells.
 */
export function acceptSocketPipe(socket: Socket, tcp: boolean, clock: Clockwork): Pipe {
  const pipe = new SocketPipe(socket, tcp, clock);
  socket.on("data", (chunk: Buffer) => pipe.reader?.data(chunk));
  return pipe;
}

/** A socket that opens by itself, as a {@link Pipe}. */
export function openSocketPipe(address: SocketAddress, clock: Clockwork): Pipe {
  const onread = {
    buffer: READ_BUFFER,
    callback: (length: number) => {
      pipe.reader?.data(READ_BUFFER.subarray(0, length));
      return true;
    },
  };
  const pipe = new SocketPipe(createConnection({ ...address, onread }), "port" in address, clock);
  return pipe;
}

class SocketPipe implements Pipe {
  readonly mayVanish: boolean;
  readonly clock: Clockwork;
  reader: PipeReader | undefined;
  readonly #socket: Socket;
  #error: Error | undefined;

  constructor(socket: Socket, tcp: boolean, clock: Clockwork) {
    this.clock = clock;
    this.#socket = socket;
    this.mayVanish = tcp;
    if (tcp) socket.setNoDelay(true);
    socket.setTimeout(0);
    // An error without a listener would end the process; what it means is said at `close`.
    socket.on("error", (error) => {
      this.#error ??= error;
    });
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  read(reader: PipeReader): void {
    const socket = this.#socket;
    this.reader = reader;
    socket.on("drain", () => reader.drained());
    socket.on("end", () => socket.destroy());
    socket.on("close", () => reader.ended(this.#error));
    socket.resume();
  }

  /** Never: what it is connected to does not change. */
  onDoubt(): void {}

  look(): Promise<PeerState> {
    return readTcpState(this.#socket);
  }

  write(chunks: readonly Buffer[]): boolean {
    const socket = this.#socket;
    if (chunks.length === 1) return socket.write(chunks[0]!);
    socket.cork();
    let more = true;
    for (const chunk of chunks) more = socket.write(chunk);
    socket.uncork();
    return more;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  end(): void {
    this.#socket.end();
    // Its own end comes only after the other side's, which may never come.
    this.#socket.once("finish", () => this.#socket.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
