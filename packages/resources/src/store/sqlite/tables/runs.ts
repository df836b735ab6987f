import type { DatabaseSync } from "node:sqlite";
import type { Outcome } from "../../contract/operations.ts";
import { goesOn } from "../../contract/repeatable.ts";
import type { RunRow } from "../../contract/rows.ts";
import type {
  AppendRun,
  ClaimRuns,
  KeepRuns,
  ResumeRun,
  RunEvent,
  RunNext,
  RunResults,
  SendRun,
  StartRun,
  Told,
} from "../../contract/run-operations.ts";
import { prepareRuns } from "./run-statements.ts";

type CancelsChildren = NonNullable<AppendRun["cancelsChildren"]>;

/** A run is told once that its parent is cancelled. */
const CANCEL_KEY = "cancelled with its parent";
/** A key of a message that was taken is known so long after, of a run that begins anew again and again. */
const TAKEN_MS = 30 * 86_400_000;

/** Logs of durable programs, within a transaction of whoever calls. */
export class Runs {
  readonly #statements;

  constructor(database: DatabaseSync) {
    this.#statements = prepareRuns(database);
  }

  start(start: StartRun, now: number): Outcome {
    const { program, id, event, slot, mostInSlot, priority = 0, parent } = start;
    const { find, insert, inCrowd } = this.#statements;
    const known = find.get(program, id);
    if (known !== undefined) return { ok: this.#startedBefore(known, start) };
    if (slot !== undefined && mostInSlot !== undefined && (inCrowd.get(program, slot)?.count ?? 0) >= mostInSlot) {
      return refuse("OVERLOADED", `There are ${mostInSlot} runs of "${program}" that share a limit: no more may wait.`);
    }
    const above = parent === undefined ? undefined : find.get(parent.program, parent.id);
    const cancel = above !== undefined && parent !== undefined && this.#isCancelled(above, parent.command);
    const owner = cancel ? undefined : start.owner;
    const more = cancel && start.owner !== undefined ? [] : (start.more ?? []);
    const { lastInsertRowid } = insert.run(
      ...([program, id, now, 1 + more.length, slot ?? null, priority, above?.number ?? null] as const),
      ...(owner === undefined ? ([null, 0] as const) : ([owner.holder, 1] as const)),
    );
    const run = Number(lastInsertRowid);
    this.#append(run, 0, [event]);
    this.#append(run, 1, more);
    if (cancel) this.send({ kind: "send-run", program, id, key: CANCEL_KEY, body: parent.cancel, isUrgent: true }, now);
    if (owner === undefined) return { ok: { created: true } satisfies RunResults["start-run"] };
    this.keep({ kind: "keep-runs", ...owner }, now);
    return { ok: { created: true, run } satisfies RunResults["start-run"] };
  }

  /** Whether it was this very start, which comes again: its owner has not heard of it. */
  #startedBefore({ number, holder, epoch, length }: RunRow, start: StartRun): RunResults["start-run"] {
    const { owner, event, more = [] } = start;
    const isAgain = owner !== undefined && holder === owner.holder && epoch === 1 && length === 1 + more.length;
    return isAgain && this.#has(number, 0, event) ? { created: true, run: number } : { created: false };
  }

  #has(run: number, n: number, { body }: RunEvent): boolean {
    const kept = this.#statements.body.get(run, n)?.body;
    return kept !== undefined && Buffer.compare(kept, body) === 0;
  }

  /** Whether a command of a run was cancelled with it. */
  #isCancelled({ number, cancelled }: RunRow, command: number): boolean {
    if (cancelled === null) return false;
    const called = this.#statements.called.get(number, command);
    return called === undefined || called.n < cancelled;
  }

  claim({ program, holder, most, leaseMs, after, known, limit, rate, first }: ClaimRuns, now: number): Outcome {
    const { due, fresh, take, held, inbox, ownInbox, next, park, unparkAll, keepFor } = this.#statements;
    this.#freeOrphans(now);
    if (first !== undefined) {
      unparkAll.run(now, program);
      keepFor.run(program, first.keepMs);
    }
    this.keep({ kind: "keep-runs", holder, leaseMs }, now);
    const messages = ownInbox.all(holder, program, after);
    const toClaimed = ({ number, id, epoch, first, length }: RunRow) => {
      return { run: number, id, epoch, first, length, messages: inbox.all(number) };
    };
    const lost = known === undefined ? [] : held.all(holder, program);
    const runs = lost.filter(({ number }) => known?.includes(number) === false).map(toClaimed);
    const claim = (row: RunRow): boolean => {
      if (this.#mustWait(program, row, limit)) {
        park.run(row.number);
        return false;
      }
      take.run(holder, rate !== undefined && row.epoch === 0 && row.parked === 0 ? now : null, row.number);
      runs.push(toClaimed({ ...row, epoch: row.epoch + 1 }));
      return true;
    };
    const before = runs.length;
    for (const row of due.all(program, now, most)) claim(row);
    let { left, at: freeAt } = this.#mayBegin(program, rate, now);
    // Those that have begun come first.
    for (const row of left > 0 ? fresh.all(program, Math.max(0, most - (runs.length - before))) : []) {
      if (left === 0) break;
      if (claim(row)) left--;
    }
    if (left === 0) freeAt = this.#mayBegin(program, rate, now).at;
    const times = [
      next.get(program, holder)?.at ?? undefined,
      fresh.get(program, 1) === undefined ? undefined : freeAt,
    ];
    const at = Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
    const nextInMs = at === Number.POSITIVE_INFINITY ? undefined : Math.max(0, at - now);
    return { ok: { runs, messages, nextInMs } satisfies RunResults["claim-runs"] };
  }

  keep({ holder, leaseMs }: KeepRuns, now: number): Outcome {
    this.#statements.keep.run(holder, now + leaseMs);
    return { ok: {} };
  }

  append(append: AppendRun, now: number): Outcome {
    const { run, epoch, length, events, taken, direct = [], next, cancelsChildren } = append;
    const { byNumber, takeMessage, putTaken, inbox, owned, rest, pause, end } = this.#statements;
    const total = length + events.length;
    // By far the most: nothing else of the run has to be known.
    if (next.state === "owned" && cancelsChildren === undefined && direct.length === 0) {
      if (Number(owned.run(total, run, epoch, length).changes) === 0) return this.#appendedBefore(append);
      this.#append(run, length, events);
      for (const number of taken) takeMessage.run(now, number, run);
      return APPENDED;
    }
    const row = byNumber.get(run);
    if (row === undefined || row.epoch !== epoch || row.length !== length || row.state !== "open")
      return this.#appendedBefore(append);
    const crossed = direct.length === 0 ? undefined : this.#cross(run, direct, taken);
    if (crossed !== undefined) return crossed;
    for (const { key } of direct) if (key !== undefined) putTaken.run(run, key, now, now);
    this.#append(run, length, events);
    for (const number of taken) takeMessage.run(now, number, run);
    if (next.state === "owned") owned.run(total, run, epoch, length);
    else if (next.state === "ended") end.run(total, now, run);
    else if (next.state === "continued") this.#beginAnew(run, total, next.keeps, now);
    else {
      const placed = row.placed === 1 && next.keepsPlace === true ? 1 : 0;
      if (next.state === "paused") pause.run(total, next.because, placed, run);
      else {
        // What came meanwhile wakes it at once.
        const wakeInMs = inbox.get(run) === undefined ? next.wakeInMs : 0;
        rest.run(total, wakeInMs === undefined ? null : now + wakeInMs, placed, run);
      }
    }
    const cancelled = cancelsChildren === undefined ? [] : this.#cancelChildren(run, cancelsChildren, now);
    const freed = row.placed === 1 && byNumber.get(run)?.placed !== 1 && this.#unparkOne(row, now);
    return { ok: { told: this.#tell(next, now), freed, cancelled } satisfies RunResults["append-run"] };
  }

  /** Whether messages that came to the owner itself are not the next ones: another one waits, or they came before. */
  #cross(run: number, direct: NonNullable<AppendRun["direct"]>, taken: readonly number[]): Outcome | undefined {
    const { inbox, hasKey } = this.#statements;
    const first = inbox.all(run).find(({ number }) => !taken.includes(number));
    const again = direct.find(({ key }) => key !== undefined && hasKey.get(run, key) !== undefined);
    if (first === undefined && again === undefined) return undefined;
    return refuse("ABORTED", `A message of run ${run} came before, or twice: what is in its inbox comes first.`);
  }

  /** Where it was this very append, which comes again: its owner has not heard of it. Else another has the run. */
  #appendedBefore({ run, epoch, length, events, next }: AppendRun): Outcome {
    const row = this.#statements.byNumber.get(run);
    const last = events.at(-1);
    const total = length + events.length;
    const state = next.state === "owned" ? "open" : next.state;
    const isAgain = row !== undefined && row.epoch === epoch && row.length === total && row.state === state;
    if (isAgain && goesOn(next) && last !== undefined && this.#has(run, total - 1, last)) return APPENDED;
    return refuse("ABORTED", `Run ${run} is not of epoch ${epoch} and ${length} events any more: another owns it.`);
  }

  #beginAnew(run: number, length: number, keeps: number, now: number): void {
    const { anew, forgetEvents, forgetTaken } = this.#statements;
    anew.run(length, length - keeps, now, run);
    forgetEvents.run(run, length - keeps);
    forgetTaken.run(run, now - TAKEN_MS);
  }

  #cancelChildren(run: number, { before, cancel: body }: CancelsChildren, now: number): readonly Told[] {
    const { cancel, children } = this.#statements;
    cancel.run(before, run);
    return children.all(run).flatMap(({ program, id }) => {
      const sent = this.send({ kind: "send-run", program, id, key: CANCEL_KEY, body, isUrgent: true }, now);
      return "refused" in sent ? [] : [{ program, holder: (sent.ok as RunResults["send-run"]).holder }];
    });
  }

  /** Whether all places of its slot are taken. */
  #mustWait(program: string, { slot, parked, placed }: RunRow, limit: number | undefined): boolean {
    if (limit === undefined || slot === null || placed === 1 || parked === 2) return false;
    return (this.#statements.inSlot.get(program, slot)?.count ?? 0) >= limit;
  }

  /** How many may begin now, by the rate, and when the next may. */
  #mayBegin(program: string, rate: ClaimRuns["rate"], now: number): { readonly left: number; readonly at: number } {
    if (rate === undefined) return { left: Number.POSITIVE_INFINITY, at: now };
    const since = now - rate.perMs;
    const left = Math.max(0, rate.limit - (this.#statements.begunSince.get(program, since)?.count ?? 0));
    const oldest = left > 0 ? undefined : this.#statements.nthBegun.get(program, since, rate.limit - 1);
    return { left, at: oldest === undefined ? now : oldest.begun + rate.perMs };
  }

  /** A place of its slot is free: it is the turn of one that had begun, or of the highest, of those of whoever has waited longest. */
  #unparkOne({ program, slot }: RunRow, now: number): boolean {
    return slot !== null && Number(this.#statements.unparkOne.run(now, program, slot).changes) > 0;
  }

  #tell(next: RunNext, now: number): RunResults["append-run"]["told"] {
    if (next.state !== "ended" || next.tell === undefined) return undefined;
    const sent = this.send({ kind: "send-run", ...next.tell }, now);
    if ("refused" in sent) return undefined;
    return { program: next.tell.program, holder: (sent.ok as RunResults["send-run"]).holder };
  }

  send({ program, id, key, body, isUrgent }: SendRun, now: number): Outcome {
    const { find, hasKey, put, wake, letThrough } = this.#statements;
    const row = find.get(program, id);
    if (row === undefined) return refuse("NOT_FOUND", `There is no run "${id}" of "${program}".`);
    const holder = row.holder ?? undefined;
    if (key !== undefined && hasKey.get(row.number, key) !== undefined) {
      return { ok: { duplicate: true, holder } satisfies RunResults["send-run"] };
    }
    if (row.state === "ended") return refuse("FAILED_PRECONDITION", `Run "${id}" of "${program}" is over.`);
    put.run(row.number, key ?? null, body, now);
    if (isUrgent === true) letThrough.run(row.number);
    wake.run(now, row.number);
    return { ok: { duplicate: false, holder } satisfies RunResults["send-run"] };
  }

  resume({ program, id }: ResumeRun, now: number): Outcome {
    const { find, resume } = this.#statements;
    const row = find.get(program, id);
    if (row === undefined) return refuse("NOT_FOUND", `There is no run "${id}" of "${program}".`);
    const { changes } = resume.run(now, row.number);
    return { ok: { resumed: Number(changes) === 1 } satisfies RunResults["resume-run"] };
  }

  /** Forgets runs of programs that have been over for as long as they are kept: so many events at most. Gives whether there are more. */
  sweep(now: number, most: number): boolean {
    const { expired, forgetEvents, cut } = this.#statements;
    let left = most;
    for (const { number, first, length } of expired.all(now, most)) {
      if (length - first > left) {
        forgetEvents.run(number, first + left);
        cut.run(first + left, number);
        return true;
      }
      left -= length - first;
      this.#forget(number);
    }
    return left <= 0;
  }

  /** Removes all runs of a program. */
  drop(program: string): number {
    const all = this.#statements.ofProgram.all(program);
    for (const { number } of all) this.#forget(number);
    return all.length;
  }

  #forget(run: number): void {
    const { forgetEvents, forgetMessages, forgetRun } = this.#statements;
    forgetEvents.run(run, Number.MAX_SAFE_INTEGER);
    forgetMessages.run(run);
    forgetRun.run(run);
  }

  #append(run: number, from: number, events: readonly RunEvent[]): void {
    for (const [index, { type, command, at, body }] of events.entries()) {
      this.#statements.putEvent.run(run, from + index, type, command ?? null, at, body);
    }
  }

  /** Runs whose owner is not heard of any more are free. */
  #freeOrphans(now: number): void {
    const { orphaned, free, forget } = this.#statements;
    for (const { holder } of orphaned.all(now)) {
      free.run(now, holder);
      forget.run(holder);
    }
  }
}

/** What need not be told: nobody else was. */
const APPENDED: Outcome = { ok: {} satisfies RunResults["append-run"] };

function refuse(code: "ABORTED" | "NOT_FOUND" | "OVERLOADED" | "FAILED_PRECONDITION", message: string): Outcome {
  return { refused: { code, message } };
}
