import type { Socket } from "node:net";

/** What is made of the connections of outside callers. */
export interface Passing {
  /** Takes a connection of which nothing was read yet, but whose it is, where that is not who it came from. */
  take(socket: Socket, client?: string): void;
  /** Resolves when what was taken is answered and let go, or after so long. */
  drain(withinMs: number): Promise<void>;
}
