import { type Clock, HadronError } from "@hadron/core";
import type { AppendRun, ClaimedRun, RunMessage, RunNext, StartRun, StoreClient } from "@hadron/resources/store";
import { Execution } from "../engine/execution.ts";
import type { ExecutionOptions, Stop } from "../engine/life.ts";
import { toErrorRecord } from "../log/errors.ts";
import type { LogEvent, Outcome, Parent, Started } from "../log/events.ts";
import { fromBody, toBody } from "../log/messages.ts";
import { fromRunEvent, toRunEvent } from "../log/stored-events.ts";
import { DirectMessages } from "./direct-messages.ts";

/** Events that are read together. */
const PAGE = 1000;
/** A run that does nothing for so long is let go of, until its time comes or a message does. */
const IDLE_MS = 1000;

export interface SessionOptions {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly program: string;
  readonly id: string;
  readonly from: Claimed | Beginning;
  /** Whether it keeps its place of a limit while it rests or is paused. */
  readonly keepsPlace: boolean;
  /** What runs it, but for what the session itself gives. */
  readonly engine: Pick<ExecutionOptions, "program" | "doorUrl" | "nextTurn" | "outside">;
}

/** A run that was there, and was given to this process. */
type Claimed = Pick<ClaimedRun, "run" | "epoch" | "first" | "length">;

/** A run that begins here: nobody knows of it until what it asks for first is kept, in one commit with its start. */
export interface Beginning {
  readonly start: StartRun;
  readonly started: Started;
  /** It is kept. Whether it goes on here. */
  kept(run: number): boolean;
}

/** One run that this process owns: what comes for it, its place in the log, and when it is let go of. */
export class Session {
  /** Resolves when this process has no more to do with the run, whatever became of it. */
  readonly over: Promise<Stop | undefined>;
  /** Of a run that begins here, whether it was created: resolves when that is kept. */
  readonly begun: Promise<{ readonly created: boolean }>;
  readonly #options: SessionOptions;
  readonly #over = Promise.withResolvers<Stop | undefined>();
  readonly #begun = Promise.withResolvers<{ readonly created: boolean }>();
  /** undefined: it has not begun. */
  #place: Claimed | undefined;
  #length: number;
  #execution: Execution | undefined;
  /** Who waits for it. */
  #parent: Parent | undefined;
  /** Messages whose events are not appended yet. */
  readonly #moving = new Map<LogEvent, RunMessage>();
  #waiting: RunMessage[] = [];
  /** Those that came to this process itself. */
  readonly #direct = new DirectMessages();
  #secret: string | undefined;
  /** The last append: the next is behind it. */
  #appended: Promise<void> = Promise.resolve();
  #stopIdle: (() => void) | undefined;
  #isOver = false;
  #isReleasing = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#place = "start" in options.from ? undefined : options.from;
    this.#length = this.#place?.length ?? 0;
    this.over = this.#over.promise;
    this.begun = this.#begun.promise;
    // Of a run that was there, nobody looks at it.
    this.begun.catch(() => {});
  }

  /** It was to begin here, and is another's. */
  isElsewhere = false;

  /** Which run it is; undefined: it has not begun. */
  get run(): number | undefined {
    return this.#place?.run;
  }

  /** Reads the log, and runs the program. */
  async start(): Promise<void> {
    const { from } = this.#options;
    if ("start" in from) return this.#execute({ history: [from.started] });
    try {
      const history = await this.#readPage(0);
      this.#execute({ history, more: (from) => this.#readPage(from) });
    } catch (error) {
      this.#finish(dropped(error));
    }
  }

  #execute(log: Pick<ExecutionOptions, "history" | "more">): void {
    const { clock, engine, program, id } = this.#options;
    if (this.#isOver) return;
    const [started] = log.history;
    if (started?.type === "started") {
      this.#parent = started.parent;
      this.#secret = started.secret;
    }
    const execution = new Execution({
      ...engine,
      ...log,
      clock,
      run: `${program}/${id}`,
      reread: () => this.#readAll(),
      journal: { append: (events) => this.#append(events) },
      changed: () => this.#changed(),
    });
    this.#execution = execution;
    execution.stopped.then((stop) => this.#stopped(stop)).catch((error: unknown) => this.#finish(dropped(error)));
    execution.start();
    const waiting = this.#waiting;
    this.#waiting = [];
    this.receive(waiting);
  }

  /** Messages from its inbox. */
  receive(messages: readonly RunMessage[]): void {
    for (const message of messages) {
      if (this.#isOver || this.#isReleasing) return;
      if (this.#execution === undefined) this.#waiting.push(message);
      else this.#move(this.#execution, message);
    }
  }

  /** What the tokens of its hooks are made with; undefined: it is not at work yet, or any more. */
  get secret(): string | undefined {
    return this.#isOver ? undefined : this.#secret;
  }

  /**
   * A message for one of its hooks that came to this process: it is kept in one commit with what the program asks for because of it.
   * Resolves when it is kept; `false`, and it is not, where it has to take the way of the others, through the inbox.
   */
  tell(hook: string, value: Uint8Array, key: string | undefined): Promise<boolean> {
    const execution = this.#execution;
    const isHere = this.#place !== undefined && !this.#isOver && !this.#isReleasing;
    // What came before it comes first.
    if (execution === undefined || !isHere || this.#waiting.length > 0) return Promise.resolve(false);
    return this.#direct.tell(() => execution.receive(hook, value), key);
  }

  /** A message came for it both straight and through the inbox. */
  get isCrossed(): boolean {
    return this.#direct.wasRefused;
  }

  /**
   * Lets go of the run: another may have it at once. A step at work is waited for, so that what came of it is kept; for so long
   * at most, and then it is in doubt.
   */
  async release(graceMs: number): Promise<void> {
    if (this.#isOver) return;
    this.#isReleasing = true;
    this.#stopIdle?.();
    const { clock } = this.#options;
    const grace = Promise.withResolvers<void>();
    const timer = clock.after(graceMs, () => grace.resolve());
    await Promise.race([this.#execution?.drain(), grace.promise, this.over]);
    clock.cancel(timer);
    // It has come to its end meanwhile.
    if (this.#isOver) return void (await this.over);
    this.#isOver = true;
    this.#execution?.drop(undefined);
    await this.#letGo({ state: "resting", wakeInMs: 0, keepsPlace: true });
    this.#finish(undefined);
  }

  /** This process may own the run no more: nothing of it is written. */
  drop(): void {
    this.#execution?.drop(undefined);
    this.#finish(undefined);
  }

  #move(execution: Execution, inbox: RunMessage): void {
    const message = fromBody(inbox.body);
    if (message.kind === "send") this.#moving.set(execution.receive(message.hook, message.value), inbox);
    else if (message.kind === "cancel") this.#moving.set(execution.cancel(message.reason), inbox);
    else if (message.kind === "child") this.#moving.set(execution.settle(message.command, message.outcome), inbox);
    else {
      this.#isOver = true;
      execution.drop(undefined);
      const killed = { error: toErrorRecord(new HadronError("CANCELLED", "The run was killed.")) };
      const isKill = message.kind === "kill";
      const next: RunNext =
        message.kind === "pause"
          ? { state: "paused", because: "Somebody paused it.", keepsPlace: this.#options.keepsPlace }
          : this.#ended(killed);
      const at = this.#options.clock.wallNow();
      const events: LogEvent[] = message.kind === "pause" ? [] : [{ type: "ended", at, outcome: killed }];
      void this.#letGo(next, events, [inbox.number], isKill).then(() => this.#finish(undefined));
    }
  }

  /** Its events from one on; none: that was all before `to`. @param to @default when it was taken */
  async #readPage(from: number, to?: number): Promise<readonly LogEvent[]> {
    const { store, id } = this.#options;
    if (this.#place === undefined) return [];
    const { run, first } = this.#place;
    const length = to ?? this.#place.length;
    const most = Math.min(PAGE, length - first - from);
    if (most === 0) return [];
    const events = await store.read({ kind: "run-events", run, from: first + from, most });
    if (events.length === 0) throw new HadronError("INTERNAL", `The log of ${id} is shorter than it should be.`);
    return events.map(fromRunEvent);
  }

  /** Begins anew with all of the log: what the program asks for is later in it than what became of it. */
  async #executeWhole(): Promise<void> {
    this.#waiting.push(...this.#moving.values());
    this.#moving.clear();
    this.#direct.forget();
    this.#execution = undefined;
    this.#execute({ history: await this.#readAll() });
  }

  /** All of its log by now. */
  async #readAll(): Promise<readonly LogEvent[]> {
    const history: LogEvent[] = [];
    for (;;) {
      const page = await this.#readPage(history.length, this.#length);
      if (page.length === 0) return history;
      history.push(...page);
    }
  }

  /** Appends for the execution: one after the other. */
  #append(events: readonly LogEvent[]): Promise<void> {
    const taken = events.flatMap((event) => this.#moving.get(event)?.number ?? []);
    const last = events.at(-1);
    const anew = events.findIndex(({ type }) => type === "started");
    const next: RunNext =
      anew >= 0
        ? { state: "continued", keeps: events.length - anew }
        : last?.type === "ended"
          ? this.#ended(last.outcome)
          : { state: "owned" };
    const came = this.#direct.take(events);
    return this.#do(events, taken, next, { direct: came?.direct }).then(
      () => {
        for (const event of events) this.#moving.delete(event);
        came?.kept();
      },
      (error: unknown) => {
        came?.failed(error);
        throw error;
      },
    );
  }

  /** Whoever waits for it is told. */
  #ended(outcome: Outcome): RunNext {
    const parent = this.#parent;
    if (parent === undefined) return { state: "ended", tell: undefined };
    const { program, id, command } = parent;
    return {
      state: "ended",
      tell: { program, id, key: `child ${command}`, body: toBody({ kind: "child", command, outcome }) },
    };
  }

  #do(
    events: readonly LogEvent[],
    taken: readonly number[],
    next: RunNext,
    { isKill = false, direct }: { readonly isKill?: boolean; readonly direct?: AppendRun["direct"] } = {},
  ): Promise<void> {
    const { store, program } = this.#options;
    const done = this.#appended.then(async () => {
      if (this.#place === undefined) {
        const goesOn = next.state === "owned";
        this.#place = await this.#begin(goesOn ? events : []);
        this.#length = this.#place.length;
        if (goesOn) return;
      }
      const { run, epoch } = this.#place;
      const length = this.#length;
      const append = { program, run, epoch, length, events: events.map(toRunEvent), taken, direct, next } as const;
      await store.do({ kind: "append-run", ...append, cancelsChildren: toCancel(events, length, isKill) });
      this.#length += events.length;
    });
    this.#appended = done;
    done.catch(() => {});
    return done;
  }

  /** Its start, with the first events that it goes on with. ABORTED where it does not go on here. */
  async #begin(events: readonly LogEvent[]): Promise<Claimed> {
    const { store, id, from } = this.#options;
    if (!("start" in from)) throw new TypeError(`Run ${id} was there.`);
    try {
      const { created, run } = await store.do({ ...from.start, more: events.map(toRunEvent) });
      this.#begun.resolve({ created });
      if (run !== undefined && from.kept(run)) return { run, epoch: 1, first: 0, length: 1 + events.length };
      this.isElsewhere = true;
    } catch (error) {
      this.#begun.reject(error);
      throw error;
    }
    throw new HadronError("ABORTED", `Run "${id}" goes on elsewhere.`);
  }

  /** A last append. Where it is refused, another has the run; where nobody knows, its lease ends. */
  #letGo(
    next: RunNext,
    events: readonly LogEvent[] = [],
    taken: readonly number[] = [],
    isKill = false,
  ): Promise<void> {
    return this.#do(events, taken, next, { isKill }).catch(() => {});
  }

  #changed(): void {
    this.#stopIdle?.();
    const wakeAt = this.#execution?.restsUntil;
    if (this.#isOver || this.#isReleasing || wakeAt === undefined) return;
    const { clock } = this.#options;
    if (wakeAt - clock.wallNow() <= IDLE_MS) return;
    const timer = clock.after(IDLE_MS, () => void this.#rest());
    this.#stopIdle = () => clock.cancel(timer);
  }

  async #rest(): Promise<void> {
    const wakeAt = this.#execution?.restsUntil;
    if (this.#isOver || wakeAt === undefined || this.#moving.size > 0 || !this.#direct.isEmpty) return;
    this.#isOver = true;
    this.#execution?.drop(undefined);
    const leftMs = Math.max(0, Math.ceil(wakeAt - this.#options.clock.wallNow()));
    const wakeInMs = wakeAt === Number.POSITIVE_INFINITY ? undefined : leftMs;
    await this.#letGo({ state: "resting", wakeInMs, keepsPlace: this.#options.keepsPlace });
    this.#finish(undefined);
  }

  async #stopped(stop: Stop): Promise<void> {
    if (this.#isOver) return;
    if (stop.state === "short") return this.#executeWhole();
    this.#isOver = true;
    this.#stopIdle?.();
    if (stop.state === "paused")
      await this.#letGo(
        { state: "paused", because: stop.because.message, keepsPlace: this.#options.keepsPlace },
        stop.kept,
      );
    this.#finish(stop);
  }

  #finish(stop: Stop | undefined): void {
    this.#isOver = true;
    this.#stopIdle?.();
    this.#direct.forget();
    this.#begun.reject(
      new HadronError("UNAVAILABLE", "Its replica ended, or lost the store, before the run had begun."),
    );
    this.#over.resolve(stop);
  }
}

/** What the runs are told that a run has begun: by what it asked for before it was cancelled or killed. */
function toCancel(events: readonly LogEvent[], length: number, isKill: boolean): AppendRun["cancelsChildren"] {
  const at = isKill ? events.length : events.findLastIndex(({ type }) => type === "cancelled");
  if (at < 0) return undefined;
  const event = events[at];
  const reason = event?.type === "cancelled" ? event.reason : "the run that began it was killed";
  return { before: length + at, cancel: toBody({ kind: "cancel", reason }) };
}

function dropped(because: unknown): Stop {
  return { state: "dropped", because };
}
