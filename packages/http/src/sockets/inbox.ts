import type { WebSocket } from "ws";

/** So many messages wait for their reader; then the client is not read from. */
const MOST_WAITING = 16;

/** Reads a message; undefined where it is none, which ends them. */
type Read = (data: Buffer, binary: boolean) => Promise<{ readonly message: unknown } | undefined>;

interface Arrived {
  readonly data: Buffer;
  readonly binary: boolean;
}

/** The messages of a socket, for one reader, who sets the pace. */
export class Inbox {
  readonly #socket: WebSocket;
  readonly #read: Read;
  readonly #waiting: Arrived[] = [];
  #wanted = false;
  #over = false;
  #wake: (() => void) | undefined;

  constructor(socket: WebSocket, read: Read) {
    this.#socket = socket;
    this.#read = read;
    socket.on("message", (data, binary) => this.#take({ data: data as Buffer, binary }));
  }

  /** From when it is looked at they are kept for whoever iterates. */
  get messages(): AsyncIterable<unknown> {
    this.#wanted = true;
    return { [Symbol.asyncIterator]: () => this.#iterate() };
  }

  /** No more come. */
  end(): void {
    this.#over = true;
    this.#wakeUp();
  }

  /** Nobody reads them any more. */
  drop(): void {
    this.#wanted = false;
    this.#waiting.length = 0;
    if (this.#socket.isPaused) this.#socket.resume();
    this.end();
  }

  async *#iterate(): AsyncGenerator<unknown> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next !== undefined) {
          if (this.#socket.isPaused && this.#waiting.length < MOST_WAITING / 2) this.#socket.resume();
          const read = await this.#read(next.data, next.binary);
          if (read === undefined) return;
          yield read.message;
        } else if (this.#over) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.drop();
    }
  }

  #take(arrived: Arrived): void {
    if (!this.#wanted || this.#over) return;
    this.#waiting.push(arrived);
    if (this.#waiting.length >= MOST_WAITING) this.#socket.pause();
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
