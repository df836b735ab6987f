import type { Socket } from "node:net";
import type { Pipe, PipeReader } from "./pipe.ts";

/**
 * A TCP or Unix socket as a {@link Pipe}.
 *
 * @param tcp A host at the other end of TCP can vanish; with a Unix socket, the kernel tells.
 */
export function createSocketPipe(socket: Socket, tcp: boolean): Pipe {
  return new SocketPipe(socket, tcp);
}

class SocketPipe implements Pipe {
  readonly mayVanish: boolean;
  readonly #socket: Socket;
  #error: Error | undefined;

  constructor(socket: Socket, tcp: boolean) {
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
    socket.on("data", (chunk: Buffer) => reader.data(chunk));
    socket.on("drain", () => reader.drained());
    socket.on("end", () => socket.destroy());
    socket.on("close", () => reader.ended(this.#error));
    socket.resume();
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
