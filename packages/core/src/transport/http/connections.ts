import type { Duplex } from "node:stream";

/** The connections of callers over HTTP, which are told by an answer alone that they should end. */
export class HttpConnections {
  readonly #open = new Set<Duplex>();
  readonly #waiting = new Set<() => void>();

  add(socket: Duplex): void {
    this.#open.add(socket);
    socket.once("close", () => this.delete(socket));
  }

  /** It has closed, or speaks another protocol now. */
  delete(socket: Duplex): void {
    if (!this.#open.delete(socket) || this.#open.size > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves when none is open. */
  gone(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }
}
