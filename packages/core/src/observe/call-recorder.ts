import type { Clockwork } from "../clock/clockwork.ts";
import type { ErrorCode } from "../errors.ts";
import type { CallObserver, ObservedCall } from "./observer.ts";

/** One end of a call, as it was recorded. */
export interface CallRecord extends ObservedCall {
  /** On the clock of the recorder, to the turn of the event loop. */
  readonly beganAt: number;
  /** Undefined while it is under way. */
  readonly endedAt: number | undefined;
  readonly code: ErrorCode | undefined;
  /** As encoded. Undefined before its end, and where it is not known: see {@link CallObserver.ended}. */
  readonly inputBytes: number | undefined;
  readonly outputBytes: number | undefined;
}

/** Records calls, and gives the last of them to whoever asks. */
export interface CallRecorder extends CallObserver {
  /** The calls that are kept, oldest first. */
  records(): readonly CallRecord[];
  /**
   * Takes what is kept of calls that have ended, oldest first: the ring has it no more. What is under way stays, for whoever
   * takes after its end. Traces are pulled so, from time to time; what the ring has no room for until then is lost.
   */
  take(): readonly CallRecord[];
}

/** A place that no call has. */
const NOBODY = -1;

/** One place of the ring. Written over and over: a new object for each call would cost more than all the rest. */
class Slot implements CallRecord {
  side: "calling" | "serving" = "calling";
  service = "";
  procedure = "";
  replica: string | undefined = undefined;
  attempt = 0;
  connection: string | undefined = undefined;
  number: number | undefined = undefined;
  beganAt = 0;
  endedAt: number | undefined = undefined;
  code: ErrorCode | undefined = undefined;
  inputBytes: number | undefined = undefined;
  outputBytes: number | undefined = undefined;
  /** Which call of all has it: one that ends late must not mark its successor. */
  token = NOBODY;
}

/**
 * Makes a recorder of the last `capacity` calls: a ring of records. The clock is read once for all calls of a turn, no id is
 * put into words, and nothing of it crosses the wire: both ends of a call have the same `connection` and `number`.
 *
 * @param capacity @default 4096
 */
export function createCallRecorder(clock: Clockwork, capacity = 4096): CallRecorder {
  return new Ring(clock, capacity);
}

class Ring implements CallRecorder {
  readonly #clock: Clockwork;
  readonly #slots: Slot[];
  #next = 0;
  /** The time of this turn; undefined before it is asked for. */
  #now: number | undefined = undefined;
  readonly #forget = () => {
    this.#now = undefined;
  };

  constructor(clock: Clockwork, capacity: number) {
    this.#clock = clock;
    this.#slots = Array.from({ length: capacity }, () => new Slot());
  }

  began(call: ObservedCall): number {
    const token = this.#next++;
    const slot = this.#slotOf(token);
    slot.token = token;
    slot.side = call.side;
    slot.service = call.service;
    slot.procedure = call.procedure;
    slot.replica = call.replica;
    slot.attempt = call.attempt;
    slot.connection = call.connection;
    slot.number = call.number;
    slot.beganAt = this.#time();
    slot.endedAt = slot.code = slot.inputBytes = slot.outputBytes = undefined;
    return token;
  }

  ended(
    token: number,
    code: ErrorCode | undefined,
    inputBytes: number | undefined,
    outputBytes: number | undefined,
  ): void {
    const slot = this.#slotOf(token);
    if (slot.token !== token) return;
    slot.endedAt = this.#time();
    slot.code = code;
    slot.inputBytes = inputBytes;
    slot.outputBytes = outputBytes;
  }

  records(): readonly CallRecord[] {
    return this.#kept().map(toRecord);
  }

  take(): readonly CallRecord[] {
    const ended = this.#kept().filter((slot) => slot.endedAt !== undefined);
    const records = ended.map(toRecord);
    for (const slot of ended) slot.token = NOBODY;
    return records;
  }

  /** Places that a call has, the oldest first. */
  #kept(): readonly Slot[] {
    const first = Math.max(0, this.#next - this.#slots.length);
    return Array.from({ length: this.#next - first }, (_, place) => this.#slotOf(first + place)).filter(
      (slot) => slot.token !== NOBODY,
    );
  }

  #slotOf(token: number): Slot {
    const slot = this.#slots[token % this.#slots.length];
    if (slot === undefined) throw new RangeError("A recorder without room.");
    return slot;
  }

  #time(): number {
    if (this.#now === undefined) {
      this.#now = this.#clock.now();
      this.#clock.nextTurn(this.#forget);
    }
    return this.#now;
  }
}

function toRecord({ token: _token, ...record }: Slot): CallRecord {
  return record;
}
