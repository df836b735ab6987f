import type { Clock } from "./clock.ts";
import type { DeadlineList } from "./deadlines.ts";
import type { Flushable } from "./end-of-turn.ts";

/** What the house itself needs of a clock beside that. One for each process, or for each app of a test. */
export interface Clockwork extends Clock {
  /** Whether its time is a test's own: then no reading of the machine, such as processor time, means anything beside it. */
  readonly isVirtual: boolean;
  /** All deadlines that are waited for. */
  readonly deadlines: DeadlineList;
  /** Calls back in the next turn of the event loop, after what has come by now was read. */
  nextTurn(run: () => void): void;
  /** Has something send what it has at the end of this turn. */
  endOfTurn(flushable: Flushable): void;
  /** Random hexadecimal digits, an even number of them, for ids. */
  hex(digits: number): string;
}
