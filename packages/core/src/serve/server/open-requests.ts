import type { ServerResponse } from "node:http";

/** Requests of routes that have no answer yet. */
export class OpenRequests {
  readonly #open = new Set<ServerResponse>();
  readonly #waiting = new Set<() => void>();
  #closing = false;

  add(response: ServerResponse): void {
    if (this.#closing) response.setHeader("connection", "close");
    this.#open.add(response);
    response.once("close", () => this.#delete(response));
  }

  /** Connections end with their next answer: how callers over HTTP are told to go elsewhere. */
  close(): void {
    this.#closing = true;
    for (const response of this.#open) if (!response.headersSent) response.setHeader("connection", "close");
  }

  /** Resolves when all have been answered. */
  idle(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #delete(response: ServerResponse): void {
    this.#open.delete(response);
    if (this.#open.size > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
