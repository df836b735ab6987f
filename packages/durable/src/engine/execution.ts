import { HadronError } from "@hadron/core";
import { innerTime } from "@hadron/core/spi";
import { chanceOf } from "../log/chance.ts";
import { toErrorRecord } from "../log/errors.ts";
import { type Called, type Delivery, ENGINE, type LogEvent, type Outcome } from "../log/events.ts";
import { fromLogged, toLogged } from "../log/values.ts";
import { type CommandSpec, Pending } from "./command.ts";
import { Continuing } from "./continuing.ts";
import { astray, diverged, stuck } from "./divergence.ts";
import { whenDrained } from "./drained.ts";
import { ChanceSource, type Executing, Frame } from "./frame.ts";
import { type ExecutionOptions, type Stop, toDoubt } from "./life.ts";
import { Mailbox } from "./mailbox.ts";
import { Queue } from "./queue.ts";
import { inWordsOf, isSame, Recorded } from "./recorded.ts";
import { rejectionOf, Working } from "./working.ts";
import { Writing } from "./writing.ts";

/** Deliveries after which others of this process have a turn. */
const DELIVERIES_A_TURN = 500;
type Ending = Extract<Stop, { state: "ended" | "continued" }>;

const nothingMore = async () => [];

/** So long a cancelled run may tidy up. */
const GRACE_MS = 30_000;

/**
 * One life of a run in one process: runs the program, gives it what its log holds, then what comes. Promises of the program
 * are settled here alone, one event at a time in the order of the log, with all microtasks drained between; so a replay goes
 * the same way as the life that wrote the log.
 */
export class Execution implements Executing {
  readonly stopped: Promise<Stop>;
  readonly #options: ExecutionOptions;
  readonly #recorded: Recorded;
  readonly #writing: Writing;
  readonly #working: Working;
  readonly #stop: (stop: Stop) => void;
  readonly #frame: Frame;
  /** What came: the program gets it after all that its log has. */
  readonly #arrivals = new Queue<Delivery>();
  /** What came before it was live is of the end of these commands: they are not begun again. */
  readonly #told = new Set<number>();
  #delivered = 0;
  readonly #pending = new Map<number, Pending>();
  readonly #mailboxes = new Map<string, Mailbox>();
  /** The commands of hooks that are waited for, by name. */
  readonly #nexts = new Map<string, number>();
  readonly #names = new Map<string, number>();
  /** Which changes of the program hold in this run. */
  readonly #patches = new Map<string, boolean>();
  #issued = 0;
  #isLive = false;
  #inTurn = false;
  #isOver = false;
  /** Present where the program gets nothing more: resolves when what is at work is over, and kept. */
  #draining: PromiseWithResolvers<void> | undefined;
  #finished: Outcome | Continuing | undefined;
  /** How it ends where it is not over by then. */
  #cancelled: { readonly error: HadronError; readonly until: number } | undefined;
  #now: number;
  /** What the program asked for last. */
  #last: Pending | undefined;
  /** Made where that was. Not in a replay: to take each down would cost as much as all else. */
  #whereLast: Error | undefined;
  /** The events that follow in the log, once they are asked for. */
  #page: Promise<readonly LogEvent[]> | undefined;

  constructor(options: ExecutionOptions) {
    const { history, journal, clock, outside } = options;
    const { promise, resolve } = Promise.withResolvers<Stop>();
    this.stopped = promise;
    this.#stop = resolve;
    this.#options = options;
    this.#recorded = new Recorded(history);
    if (options.more === undefined) this.#recorded.isWhole = true;
    const { started } = this.#recorded;
    this.#now = started.at;
    this.#issued = started.base ?? 0;
    this.#frame = new Frame(this, new ChanceSource(started.secret, () => options.chance ?? chanceOf(started)));
    this.#writing = new Writing(
      journal,
      (event) => this.#written(event),
      (because) => this.#end({ state: "dropped", because }),
    );
    this.#working = new Working({
      clock,
      outside: (work) => innerTime.run(undefined, () => outside(work)),
      write: (event) => {
        this.#writing.add(event);
        this.#writing.flush();
      },
      settled: (command, outcome) => {
        this.#arrived({ type: "settled", at: clock.wallNow(), command, outcome });
      },
      changed: () => this.#changed(),
      doubt: (pending, attempt) => this.#end(toDoubt(pending, attempt, clock.wallNow())),
    });
  }

  get run(): string {
    return this.#options.run;
  }

  get doorUrl(): string {
    return this.#options.doorUrl;
  }

  /** The time of the program: that of the last event it was given, in milliseconds since 1970. */
  get now(): number {
    return this.#now;
  }

  /** What the program waits for. */
  get awaited(): readonly Pending[] {
    return [...this.#pending.values()];
  }

  /**
   * When something of it comes due by time alone, in milliseconds since 1970; Infinity: never. undefined: something is at
   * work, or not kept yet.
   */
  get restsUntil(): number | undefined {
    return this.#isLive && !this.#inTurn && this.#writing.isIdle ? this.#working.wakeAt : undefined;
  }

  /** Runs the program from its beginning. */
  start(): void {
    if (this.#recorded.needsMore(false)) return this.#readOn(() => this.start());
    const { program } = this.#options;
    const { input } = this.#recorded.started;
    this.#turn(() =>
      innerTime.run(this.#frame, () => {
        const running = (async () => program(fromLogged(input)))();
        running.then(
          (value) => {
            this.#finished = this.#toOutcome(value);
          },
          (error) => {
            this.#finished = error instanceof Continuing ? error : { error: toErrorRecord(error) };
          },
        );
      }),
    );
  }

  /** Something came for a hook. Gives the event that it becomes. */
  receive(hook: string, value: Uint8Array): LogEvent {
    return this.#arrived({ type: "received", at: this.#options.clock.wallNow(), hook, value });
  }

  /** What a command began is over. */
  settle(command: number, outcome: Outcome): LogEvent {
    if (!this.#isLive) this.#told.add(command);
    this.#working.end(command, () => new HadronError("ABORTED", "It is over."));
    return this.#arrived({ type: "settled", at: this.#options.clock.wallNow(), command, outcome });
  }

  /** Cancels what the program waits for. */
  cancel(reason: string): LogEvent {
    return this.#arrived({ type: "cancelled", at: this.#options.clock.wallNow(), reason });
  }

  /**
   * Gives the program nothing more, and begins nothing by time. Resolves when what was at work is over and its outcome kept, or the
   * run has stopped: then nothing of it is in doubt.
   */
  drain(): Promise<void> {
    if (!this.#isLive || this.#isOver) return Promise.resolve();
    this.#draining ??= Promise.withResolvers<void>();
    this.#working.hold();
    this.#changed();
    return this.#draining.promise;
  }

  /** Goes no further here. What is not kept has not happened. */
  drop(because: unknown): void {
    this.#end({ state: "dropped", because });
  }

  /** The program asks for something. It waits for ever where the run goes no further in this process. */
  command(spec: CommandSpec, isShielded: boolean): Promise<unknown> {
    return this.#issue(spec, isShielded)?.promise ?? new Promise(() => {});
  }

  /** The next message of a hook. */
  next(hook: string, isShielded: boolean): Promise<unknown> {
    this.#checkTurn(`the next message of hook "${hook}"`);
    const mailbox = this.#mailbox(hook);
    const taken = mailbox.take();
    if (taken !== undefined) return taken;
    const issued = this.#issue({ kind: "next", name: hook }, isShielded);
    if (issued === undefined) return new Promise(() => {});
    this.#nexts.set(hook, issued.number);
    return mailbox.wait();
  }

  /** The first answer holds for all of the run: no, where the log goes on by what the program asked for before it was changed. */
  patch(name: string): boolean {
    this.#checkTurn(`patch "${name}"`);
    this.#passPatches();
    const known = this.#patches.get(name);
    if (known !== undefined) return known;
    if (this.#isShort()) return false;
    const isNew = this.#recorded.calls.first === undefined;
    this.#patches.set(name, isNew);
    if (isNew && !this.#isOver) {
      const at = this.#options.clock.wallNow();
      this.#writing.add({ type: "called", at, command: this.#issued++, kind: "patch", name, until: undefined });
    }
    return isNew;
  }

  /** Patches of the log hold, whether or not the program still asks for them. */
  #passPatches(): void {
    for (;;) {
      const call = this.#recorded.calls.first;
      if (call?.kind !== "patch") return;
      this.#recorded.calls.shift();
      this.#patches.set(call.name, true);
      this.#issued++;
    }
  }

  #issue(spec: CommandSpec, isShielded: boolean): Pending | undefined {
    this.#checkTurn(inWordsOf(spec));
    if (this.#isOver) return undefined;
    this.#passPatches();
    if (this.#isShort()) return undefined;
    const number = this.#issued++;
    const call = this.#recorded.calls.shift();
    if (call !== undefined && !isSame(call, spec)) {
      this.#pause(number, call, inWordsOf(spec), new Error());
      return undefined;
    }
    const occurrence = (this.#names.get(spec.name) ?? 0) + 1;
    this.#names.set(spec.name, occurrence);
    const at = call?.at ?? this.#options.clock.wallNow();
    const until = call?.until ?? (spec.forMs === undefined ? undefined : at + spec.forMs);
    const pending = new Pending(this.#options.run, occurrence, this.#recorded.started.base, {
      number,
      spec,
      isShielded,
      at,
      until,
    });
    this.#pending.set(number, pending);
    if (call === undefined) {
      this.#writing.add({ type: "called", at, command: number, kind: spec.kind, name: spec.name, until });
    }
    const { traced, reread } = this.#options;
    const isTraced = number === traced || (call === undefined && reread === undefined);
    this.#last = pending;
    this.#whereLast = isTraced ? new Error() : undefined;
    return pending;
  }

  #resume(number: number): void {
    const pending = this.#pending.get(number);
    // One before it may have paused the run.
    if (pending === undefined || this.#isOver) return;
    this.#working.begin(pending, this.#recorded.progress(number));
  }

  /** A program that goes on by something that no log knows of would go another way in a replay. */
  #checkTurn(what: string): void {
    if (this.#inTurn || this.#isOver) return;
    const error = astray(what);
    innerTime.run(undefined, () => this.#finish({ error: toErrorRecord(error) }));
    throw error;
  }

  #arrived(delivery: Delivery): Delivery {
    if (this.#isOver) return delivery;
    this.#arrivals.push(delivery);
    if (this.#isLive && !this.#inTurn) this.#goOn();
    return delivery;
  }

  #turn(run: () => void): void {
    this.#inTurn = true;
    run();
    whenDrained(() => {
      this.#inTurn = false;
      if (!this.#isOver) this.#goOn();
    });
  }

  #goOn(): void {
    const { deliveries } = this.#recorded;
    const isAtEnd = this.#finished !== undefined;
    if (!this.#isLive && this.#recorded.needsMore(isAtEnd)) return this.#readOn(() => this.#goOn());
    if (this.#finished !== undefined) return this.#finish(this.#finished);
    if (!this.#isLive && deliveries.length === 0) {
      if (this.#isBehind("nothing more")) return;
      this.#becomeLive();
      if (this.#isOver) return;
    }
    if (this.#draining !== undefined) {
      // What it is not given any more is kept: another life gets it.
      for (let left = this.#arrivals.shift(); left !== undefined; left = this.#arrivals.shift())
        this.#writing.add(left);
      return this.#rest();
    }
    const next = this.#isLive ? this.#arrivals.shift() : deliveries.shift();
    if (next === undefined) return this.#rest();
    // Not before: so what the program asks for because of it comes next in the log.
    if (this.#isLive) this.#writing.add(next);
    this.#delivered++;
    if (this.#delivered % DELIVERIES_A_TURN === 0) {
      this.#inTurn = true;
      this.#options.nextTurn(() => {
        if (!this.#isOver) this.#turn(() => this.#deliver(next));
      });
    } else this.#turn(() => this.#deliver(next));
  }

  /** Reads on in the log, and asks for what follows. */
  #readOn(then: () => void): void {
    const { more } = this.#options;
    const recorded = this.#recorded;
    const page = this.#page ?? more?.(recorded.length) ?? Promise.resolve([]);
    page.then(
      (events) => {
        if (this.#isOver) return;
        recorded.add(events);
        recorded.isWhole = events.length === 0;
        this.#page = recorded.isWhole ? undefined : more?.(recorded.length);
        // It is looked at when it is needed.
        this.#page?.catch(() => {});
        then();
      },
      (error: unknown) => this.#end({ state: "dropped", because: error }),
    );
  }

  /** Whether what the program asks for may be further on in the log than was read. */
  #isShort(): boolean {
    if (this.#recorded.isWhole || this.#recorded.calls.length > 0) return false;
    innerTime.run(undefined, () => this.#end({ state: "short" }));
    return true;
  }

  #deliver(delivery: Delivery): void {
    this.#now = Math.max(this.#now, delivery.at);
    switch (delivery.type) {
      case "settled":
        return this.#settle(delivery.command, delivery.outcome);
      case "received":
        this.#pending.delete(this.#nexts.get(delivery.hook) ?? -1);
        this.#nexts.delete(delivery.hook);
        return this.#mailbox(delivery.hook).put(fromLogged(delivery.value), delivery.value);
      case "cancelled":
        return this.#cancel(new HadronError("CANCELLED", `The run was cancelled: ${delivery.reason}`));
    }
  }

  #settle(command: number, outcome: Outcome): void {
    const pending = this.#pending.get(command);
    if (pending === undefined) {
      // One that was issued was cancelled since.
      if (command >= this.#issued) this.#pause(this.#issued, this.#recorded.calls.first, "nothing more");
      return;
    }
    this.#pending.delete(command);
    const rejection = rejectionOf(outcome);
    if (rejection !== undefined) pending.reject(rejection);
    else if ("ok" in outcome) pending.resolve(fromLogged(outcome.ok));
  }

  #cancel(error: HadronError): void {
    for (const [number, pending] of [...this.#pending]) {
      if (pending.isShielded) continue;
      this.#pending.delete(number);
      this.#working.end(number, () => error);
      if (pending.spec.kind === "next") {
        this.#nexts.delete(pending.spec.name);
        this.#mailbox(pending.spec.name).fail(error);
      } else pending.reject(error);
    }
    this.#cancelled = { error, until: this.#now + GRACE_MS };
    if (this.#isLive) this.#endInTime();
  }

  /** A cancelled run has a time of grace: of a replay, it counts once that is over. */
  #endInTime(): void {
    if (this.#cancelled === undefined) return;
    const { error, until } = this.#cancelled;
    const { clock } = this.#options;
    const over = () => {
      if (!this.#isOver) this.#finish({ error: toErrorRecord(error) });
    };
    const timer = clock.after(Math.max(0, until - clock.wallNow()), over);
    void this.stopped.then(() => clock.cancel(timer));
  }

  /** All of the log has been gone through: what it left open goes on. */
  #becomeLive(): void {
    if (this.#options.isRehearsal === true) return this.#end({ state: "rehearsed", awaited: this.awaited });
    this.#isLive = true;
    this.#endInTime();
    // What is new begins when its intent is kept.
    const { size, started } = this.#recorded;
    for (const { number } of this.awaited)
      if (number < (started.base ?? 0) + size && !this.#told.has(number)) this.#resume(number);
  }

  /** Whether the log has more than the program has come to: then it is paused. */
  #isBehind(came: string): boolean {
    this.#passPatches();
    const { first } = this.#recorded.calls;
    if (first === undefined) return false;
    this.#pause(this.#issued, first, came);
    return true;
  }

  /** @param where @default what it asked for last */
  #pause(command: number, call: Called | undefined, came: string, where?: Error): void {
    const expected = call === undefined ? "nothing more" : inWordsOf(call);
    this.#isOver = true;
    innerTime.run(undefined, async () => {
      const because = diverged(command, expected, came, where ?? (await this.#findLast()));
      this.#end({ state: "paused", because, kept: [] });
    });
  }

  /** Where the program asked for something last. That is found out by a replay. */
  async #findLast(): Promise<Error | undefined> {
    const { changed: _, reread, ...options } = this.#options;
    if (this.#last === undefined || this.#whereLast !== undefined || options.traced !== undefined)
      return this.#whereLast;
    this.#writing.flush();
    await this.#writing.idle();
    const log = this.#isLive && reread !== undefined ? { history: await reread(), more: nothingMore } : {};
    const again = new Execution({ ...options, ...log, isRehearsal: true, traced: this.#last.number });
    again.start();
    await again.stopped;
    return again.#whereLast;
  }

  /** The program waits. */
  #rest(): void {
    if (this.#isOver || this.#inTurn) return;
    if (this.#pending.size === 0 && this.#draining === undefined) {
      this.#inTurn = true;
      this.#findLast().then(
        (where) => this.#finish({ error: toErrorRecord(stuck(where)) }),
        (because: unknown) => this.#end({ state: "dropped", because }),
      );
      return;
    }
    this.#writing.flush();
    this.#changed();
  }

  #changed(): void {
    this.#options.changed?.();
    if (this.#inTurn || !this.#writing.isIdle || this.#working.isAtWork) return;
    this.#draining?.resolve();
  }

  #finish(outcome: Outcome | Continuing): void {
    if (this.#isOver) return;
    if (this.#isBehind("its end")) return;
    if (this.#isShort()) return;
    const stop: Ending =
      outcome instanceof Continuing ? { state: "continued", input: outcome.input } : { state: "ended", outcome };
    if (this.#options.isRehearsal === true) return this.#end(stop);
    this.#isOver = true;
    this.#working.endAll("The run is over.");
    const at = this.#options.clock.wallNow();
    if (stop.state === "ended") this.#writing.add({ type: "ended", at, outcome: stop.outcome });
    else for (const event of this.#anew(stop.input, at)) this.#writing.add(event);
    this.#writing.flush();
  }

  /** The log of the new beginning: it has the messages that nobody took. Commands before are others, also where they were none. */
  #anew(input: Uint8Array, at: number): readonly LogEvent[] {
    const { started } = this.#recorded;
    const unread = [...this.#mailboxes].flatMap(([hook, mailbox]) =>
      mailbox.unread.map((value) => ({ type: "received", at, hook, value }) as const),
    );
    return [{ ...started, at, input, engine: ENGINE, base: this.#issued + 1 }, ...unread];
  }

  #written(event: LogEvent): void {
    switch (event.type) {
      case "called": {
        const pending = this.#pending.get(event.command);
        if (pending !== undefined && !this.#isOver) this.#working.begin(pending);
        break;
      }
      case "attempted":
        this.#working.attempted(event.command, event.attempt);
        break;
      case "started":
        return this.#end({ state: "continued", input: event.input });
      case "ended":
        return this.#end({ state: "ended", outcome: event.outcome });
    }
    if (!this.#isOver) this.#changed();
  }

  #end(stop: Stop): void {
    this.#isOver = true;
    this.#draining?.resolve();
    this.#writing.stop();
    this.#working.endAll("The run goes on elsewhere, or not at all.");
    this.#stop(stop);
  }

  #toOutcome(value: unknown): Outcome {
    try {
      return { ok: toLogged(value, `the result of ${this.#options.run}`) };
    } catch (error) {
      return { error: toErrorRecord(error) };
    }
  }

  #mailbox(hook: string): Mailbox {
    let mailbox = this.#mailboxes.get(hook);
    if (mailbox === undefined) {
      mailbox = new Mailbox();
      this.#mailboxes.set(hook, mailbox);
    }
    return mailbox;
  }
}
