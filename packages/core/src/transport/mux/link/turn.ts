/** Something that has bytes to send. */
export interface Flushable {
  flush(): void;
}

/**
 * Sends what was written in one turn of the event loop at its end, in one write for each connection: after the replies to
 * all that was read in this turn have been made. A system call costs more than all the rest of a small call.
 */
class EndOfTurn {
  #waiting: Flushable[] = [];
  #spare: Flushable[] = [];
  readonly #run = () => {
    const waiting = this.#waiting;
    this.#waiting = this.#spare;
    for (const one of waiting) one.flush();
    waiting.length = 0;
    this.#spare = waiting;
  };

  add(one: Flushable): void {
    if (this.#waiting.push(one) === 1) setImmediate(this.#run);
  }
}

// One a process, as the event loop is: it holds no state of any app.
export const endOfTurn = new EndOfTurn();
