import type { Clock, Timer } from "../../clock/clock.ts";
import type { HadronError } from "../../errors.ts";
import type { Cancellable, Scope } from "../../scope/scope.ts";

/** Where calls wait that no replica can take now. It has a limit, and one timer for all. */
export class WaitingRoom {
  /** How many may wait. */
  readonly most: number;
  readonly #waiting = new Set<Waiter>();
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(most: number, clock: Clock) {
    this.#clock = clock;
    this.most = most;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get full(): boolean {
    return this.#waiting.size >= this.most;
  }

  /** Resolves at the next {@link wake}, when the scope ends, or after `withinMs`, whichever comes first. */
  wait(scope: Scope, withinMs: number): Promise<void> {
    if (scope.error !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = new Waiter(this.#waiting, scope, resolve, this.#clock.now() + withinMs);
      this.#waiting.add(waiter);
      scope.add(waiter);
      this.#arm(waiter.dueAt);
    });
  }

  /** Something has changed: all look again. */
  wake(): void {
    for (const waiter of [...this.#waiting]) waiter.done();
    this.#clock.cancel(this.#timer);
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #arm(at: number): void {
    if (at >= this.#timerAt) return;
    this.#clock.cancel(this.#timer);
    this.#timerAt = at;
    this.#timer = this.#clock.after(Math.max(1, Math.ceil(at - this.#clock.now())), () => this.#due());
  }

  #due(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const waiter of [...this.#waiting]) {
      if (waiter.dueAt <= now) waiter.done();
      else next = Math.min(next, waiter.dueAt);
    }
    if (next !== Number.POSITIVE_INFINITY) this.#arm(next);
  }
}

class Waiter implements Cancellable {
  readonly dueAt: number;
  before: Cancellable | undefined = undefined;
  after: Cancellable | undefined = undefined;
  readonly #room: Set<Waiter>;
  readonly #scope: Scope;
  readonly #resolve: () => void;

  constructor(room: Set<Waiter>, scope: Scope, resolve: () => void, dueAt: number) {
    this.#room = room;
    this.#scope = scope;
    this.#resolve = resolve;
    this.dueAt = dueAt;
  }

  done(): void {
    if (!this.#room.delete(this)) return;
    this.#scope.delete(this);
    this.#resolve();
  }

  cancelled(_error: HadronError): void {
    this.done();
  }
}
