import type { Clock } from "@hadron/core";
import { HadronError, unlessAborted } from "@hadron/core/spi";
import type { RunFacts, RunState, StartRun, StoreClient } from "@hadron/resources/store";
import { callsOf } from "../log/calls.ts";
import { fromErrorRecord } from "../log/errors.ts";
import { ENGINE, type LogEvent, type Outcome, type Parent, type Started } from "../log/events.ts";
import { type Message, toBody } from "../log/messages.ts";
import { type ShownEvent, toShown } from "../log/shown.ts";
import { fromRunEvent, toRunEvent } from "../log/stored-events.ts";
import { fromLogged, toLogged } from "../log/values.ts";
import { type Awaited, viewOf } from "../log/view.ts";
import { type Limits, priorityOf, slotOf } from "./limits.ts";

const PAGE = 1000;
/** So long one question waits in the store. */
const WAIT_MS = 3_600_000;

/** What is known of a run. */
export interface RunStatus {
  readonly id: string;
  /** `open`: it works or waits. `paused`: somebody has to resume it; `because` says why. */
  readonly state: RunState;
  readonly because: string | undefined;
  /** What it waits for; empty where it is over. */
  readonly awaited: readonly Awaited[];
  /** Why it was cancelled, if it was. */
  readonly cancelled: string | undefined;
  /** How many events its log has. */
  readonly events: number;
  readonly startedAt: Date;
  readonly endedAt: Date | undefined;
}

/** The runs of one program, for those who start, look at and talk to them; they may be owned by any process. */
export class Runs {
  readonly store: StoreClient;
  readonly #clock: Clock;
  readonly #program: string;
  readonly #limits: Limits | undefined;
  readonly #here: Here | undefined;

  /** @param limits What limits its runs. @default nothing @param here Who works on them in this process. @default nobody */
  constructor(store: StoreClient, clock: Clock, program: string, limits?: Limits, here?: Here) {
    this.#here = here;
    this.store = store;
    this.#clock = clock;
    this.#program = program;
    this.#limits = limits;
  }

  /**
   * Starts a run, or finds the one of that id. `parent` is told of its end; with `under` it is cancelled. OVERLOADED where too many
   * wait for their turn already.
   */
  async start(
    id: string,
    input: unknown,
    { parent, under }: { readonly parent?: Parent | undefined; readonly under?: Parent | undefined } = {},
  ): Promise<{ readonly id: string; readonly created: boolean }> {
    checkId(id);
    const started: Started = {
      type: "started",
      at: this.#clock.wallNow(),
      input: toLogged(input, `the input of ${this.#program}`),
      secret: this.#clock.uuid().replaceAll("-", ""),
      engine: ENGINE,
      parent,
    };
    const program = this.#program;
    const alone: StartRun = { kind: "start-run", program, id, event: toRunEvent(started), ...this.#limitsOf(input) };
    const cancel = () => toBody({ kind: "cancel", reason: "the run that began it was cancelled" });
    const start: StartRun = under === undefined ? alone : { ...alone, parent: { ...under, cancel: cancel() } };
    const { created } = await (this.#here?.begin(start, started) ?? this.store.do(start));
    return { id, created };
  }

  #limitsOf(input: unknown): Pick<StartRun, "slot" | "mostInSlot" | "priority"> {
    const limits = this.#limits;
    if (limits === undefined) return {};
    const { slots } = limits;
    const priority = priorityOf(limits, input);
    return slots === undefined ? { priority } : { slot: slotOf(slots, input), mostInSlot: slots.most, priority };
  }

  /** What a run gave, or throws what it threw. Waits for its end as long as the signal lets it. NOT_FOUND where there is none. */
  async result(id: string, signal: AbortSignal): Promise<unknown> {
    const outcome = this.#here === undefined ? undefined : await unlessAborted(this.#here.outcomeOf(id), signal);
    if (outcome !== undefined) return valueOrThrow(outcome);
    for (;;) {
      signal.throwIfAborted();
      const follow = { program: this.#program, id, from: 0, most: 0, until: "ended" } as const;
      const found = await this.store.link.followRun(follow, WAIT_MS, signal);
      if (found === undefined) throw this.#notFound(id);
      if (found.facts.state !== "ended") continue;
      const [end] = found.events;
      const last = end === undefined ? undefined : fromRunEvent(end);
      if (last?.type !== "ended") throw new HadronError("INTERNAL", `The log of run "${id}" has no end.`);
      return valueOrThrow(last.outcome);
    }
  }

  async status(id: string): Promise<RunStatus> {
    const facts = await this.#facts(id);
    return toStatus(facts, await this.#read(facts.run, facts.first, facts.length));
  }

  /** The run as of an event: what was awaited then. */
  async at(id: string, n: number): Promise<RunStatus> {
    const facts = await this.#facts(id);
    const { run, first } = facts;
    if (!(Number.isInteger(n) && n >= first && n < facts.length)) {
      throw new HadronError(
        "INVALID_INPUT",
        `Run "${id}" has events ${first} to ${facts.length - 1}; there is no event ${n}.`,
      );
    }
    return toStatus({ ...facts, length: n + 1 }, await this.#read(run, first, n + 1), false);
  }

  /** Puts something into a run's inbox. NOT_FOUND where there is none, FAILED_PRECONDITION where it is over. */
  async tell(id: string, message: Message, key?: string): Promise<{ readonly duplicate: boolean }> {
    const program = this.#program;
    if (message.kind === "send" && (await this.#here?.tell(id, message.hook, message.value, key)) === true)
      return { duplicate: false };
    const isUrgent = message.kind === "cancel" || message.kind === "kill";
    const { duplicate } = await this.store.do({ kind: "send-run", program, id, key, body: toBody(message), isUrgent });
    return { duplicate };
  }

  /** What the tokens of a run's hooks are made with; undefined where there is no such run. */
  async secretOf(id: string): Promise<string | undefined> {
    const secret = this.#here?.secretOf(id);
    if (secret !== undefined) return secret;
    const facts = await this.store.read({ kind: "run", program: this.#program, id });
    if (facts === undefined) return undefined;
    const [started] = await this.#read(facts.run, facts.first, facts.first + 1);
    return started?.type === "started" ? started.secret : undefined;
  }

  async resume(id: string): Promise<{ readonly resumed: boolean }> {
    return this.store.do({ kind: "resume-run", program: this.#program, id });
  }

  /** Starts another run with the first events of this one. Its steps among them are not done again. */
  async fork(id: string, at: number, newId: string): Promise<{ readonly id: string; readonly created: boolean }> {
    checkId(newId);
    const facts = await this.#facts(id);
    const { run, first: from, length } = facts;
    if (!(Number.isInteger(at) && at > from && at <= length)) {
      throw new HadronError(
        "INVALID_INPUT",
        `A fork of run "${id}" has its events before ${from + 1} to ${length}; at is ${at}.`,
      );
    }
    const events = (await this.#read(run, from, at)).filter(({ type }) => type !== "ended");
    const [first, ...rest] = events;
    if (first === undefined) throw new HadronError("INTERNAL", `The log of run "${id}" is empty.`);
    const program = this.#program;
    const fork = {
      kind: "start-run",
      program,
      id: newId,
      event: toRunEvent(first),
      slot: facts.slot,
      more: rest.map(toRunEvent),
    } as const;
    const { created } = await this.store.do(fork);
    return { id: newId, created };
  }

  /** The events of a run from one on, as they come, until it is over. */
  async *events(id: string, from: number, signal: AbortSignal): AsyncGenerator<ShownEvent> {
    let next = from;
    while (!signal.aborted) {
      const follow = { program: this.#program, id, from: next, most: PAGE, until: "events" } as const;
      const found = await this.store.link.followRun(follow, WAIT_MS, signal);
      if (found === undefined) throw this.#notFound(id);
      next = found.from;
      for (const event of found.events) yield toShown(fromRunEvent(event), next++);
      if (found.facts.state === "ended" && next >= found.facts.length) return;
    }
  }

  /** Its events before one. @param to @default all */
  async log(id: string, to: number | undefined, signal: AbortSignal): Promise<readonly ShownEvent[]> {
    const { first, events } = await this.logged(id, to, signal);
    return events.map((event, index) => toShown(event, first + index));
  }

  /** The same as they are kept, and the number of the first. */
  async logged(
    id: string,
    to: number | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly first: number; readonly events: readonly LogEvent[] }> {
    const { run, first, length } = await this.#facts(id);
    signal.throwIfAborted();
    return { first, events: await this.#read(run, first, to ?? length) };
  }

  async summary(id: string): Promise<RunSummary> {
    return toSummary(await this.#facts(id));
  }

  /** The latest first, or from one on. NOT_FOUND where there is no such run. */
  async list({ state, from, limit }: ListRuns): Promise<readonly RunSummary[]> {
    const program = this.#program;
    const before = from === undefined ? undefined : (await this.#facts(from)).run + 1;
    const found = await this.store.read({ kind: "runs", program, state, before, most: limit });
    return found.map(toSummary);
  }

  /** The runs that it began by calls, in their order. @param isDurable Whether a service is a durable program. */
  async children(id: string, isDurable: (service: string) => boolean): Promise<readonly ChildRun[]> {
    const facts = await this.#facts(id);
    const calls = callsOf(`${this.#program}/${id}`, await this.#read(facts.run, facts.first, facts.length));
    const found = calls
      .filter(({ service }) => isDurable(service))
      .map(async ({ service: program, key }) => {
        const child = await this.store.read({ kind: "run", program, id: key });
        return child === undefined ? [] : [{ program, ...toSummary(child) }];
      });
    return (await Promise.all(found)).flat();
  }

  async #facts(id: string): Promise<RunFacts> {
    const facts = await this.store.read({ kind: "run", program: this.#program, id });
    if (facts === undefined) throw this.#notFound(id);
    return facts;
  }

  async #read(run: number, from: number, to: number): Promise<LogEvent[]> {
    const events: LogEvent[] = [];
    while (from + events.length < to) {
      const next = from + events.length;
      const page = await this.store.read({ kind: "run-events", run, from: next, most: Math.min(PAGE, to - next) });
      if (page.length === 0) break;
      events.push(...page.map(fromRunEvent));
    }
    return events;
  }

  #notFound(id: string): HadronError {
    return new HadronError("NOT_FOUND", `There is no run "${id}" of "${this.#program}".`);
  }
}

/** Who works on runs of the program in this process. */
interface Here {
  /** Begins a run here. undefined: it is not to begin here. */
  begin(start: StartRun, started: Started): Promise<{ readonly created: boolean }> | undefined;
  /** What the tokens of a run's hooks are made with; undefined: it is not at work here. */
  secretOf(id: string): string | undefined;
  /** Gives a message to a run that is at work here. Whether it is kept; if not, it has to be put into the inbox. */
  tell(id: string, hook: string, value: Uint8Array, key: string | undefined): Promise<boolean>;
  /** What becomes of a run that is at work here; undefined: it is not, or ends elsewhere. */
  outcomeOf(id: string): Promise<Outcome | undefined>;
}

/** Which runs are listed. */
interface ListRuns {
  /** @default whatever it is */
  readonly state?: RunState | undefined;
  /** With which run the list begins. @default the latest */
  readonly from?: string | undefined;
  readonly limit: number;
}

/** A run that another one began, and of which program. */
export type ChildRun = RunSummary & { readonly program: string };

/** A run in a list. */
export type RunSummary = Omit<RunStatus, "awaited" | "cancelled">;

function toSummary({ id, state, because, first, length, startedAt, endedAt }: RunFacts): RunSummary {
  const ended = endedAt === undefined ? undefined : new Date(endedAt);
  return { id, state, because, events: length - first, startedAt: new Date(startedAt), endedAt: ended };
}

/** @param isNow Whether those are all of its events, so that who owns it says whether a step is under way. */
function toStatus(facts: RunFacts, events: readonly LogEvent[], isNow = true): RunStatus {
  const { awaited, cancelled } = viewOf(events);
  const isOwned = facts.holder !== undefined || !isNow;
  const now = awaited.map((one) => ({
    ...one,
    inDoubt: !isOwned && one.kind === "step" && one.until === undefined,
  }));
  return { ...toSummary(facts), awaited: now, cancelled };
}

function valueOrThrow(outcome: Outcome): unknown {
  if ("error" in outcome) throw fromErrorRecord(outcome.error);
  return fromLogged(outcome.ok);
}

function checkId(id: unknown): void {
  if (typeof id === "string" && id !== "" && id.length <= 512 && id.isWellFormed() && !id.includes("\0")) return;
  throw new HadronError(
    "INVALID_INPUT",
    `The id of a run should be a text of 1 to 512 characters; it is ${JSON.stringify(id)}.`,
  );
}
