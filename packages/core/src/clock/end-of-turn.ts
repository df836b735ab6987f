/** Something that has bytes to send. */
export interface Flushable {
  flush(): void;
}

/**
 * Sends what was written in one turn of the event loop at its end, in one write for each connection: after the replies to
 * all that was read in this turn have been made. A system call costs more than all the rest of a small call.
 */
export class EndOfTurn {
  readonly #nextTurn: (run: () => void) => void;
  #waiting: Flushable[] = [];
  #spare: Flushable[] = [];

  /** @param nextTurn Calls back in the next turn: the same as at the end of this one. */
  constructor(nextTurn: (run: () => void) => void) {
    this.#nextTurn = nextTurn;
  }

  readonly #run = () => {
    const waiting = this.#waiting;
    this.#waiting = this.#spare;
    for (const flushable of waiting) flushable.flush();
    waiting.length = 0;
    this.#spare = waiting;
  };

  add(flushable: Flushable): void {
    if (this.#waiting.push(flushable) === 1) this.#nextTurn(this.#run);
  }
}
