import type { DatabaseSync } from "node:sqlite";
import type { Outcome } from "../../contract/operations.ts";
import { type RunRow, toRunFacts } from "../../contract/rows.ts";
import type {
  AppendRun,
  ClaimRuns,
  KeepRuns,
  ResumeRun,
  RunAnswers,
  RunEvent,
  RunMessage,
  RunNext,
  RunQuery,
  RunResults,
  SendRun,
  StartRun,
} from "../../contract/run-operations.ts";
import { select } from "./select.ts";

/** Logs of durable programs, within a transaction of whoever calls. */
export class Runs {
  readonly #statements;

  constructor(database: DatabaseSync) {
    this.#statements = prepare(database);
  }

  start({ program, id, event, more = [], slot, mostInSlot }: StartRun, now: number): Outcome {
    const { find, insert, inSlot } = this.#statements;
    if (find.get(program, id) !== undefined) return { ok: { created: false } satisfies RunResults["start-run"] };
    if (slot !== undefined && mostInSlot !== undefined && (inSlot.get(program, slot, 0)?.count ?? 0) >= mostInSlot) {
      return refuse("OVERLOADED", `There are ${mostInSlot} runs of "${program}" that share a limit: no more may wait.`);
    }
    const { lastInsertRowid } = insert.run(program, id, now, now, 1 + more.length, slot ?? null);
    this.#append(Number(lastInsertRowid), 0, [event, ...more]);
    return { ok: { created: true } satisfies RunResults["start-run"] };
  }

  claim({ program, holder, most, leaseMs, after, known, limit, isFirst }: ClaimRuns, now: number): Outcome {
    const { due, take, held, inbox, ownInbox, next, park, unparkAll } = this.#statements;
    this.#freeOrphans(now);
    if (isFirst === true) unparkAll.run(now, program);
    this.keep({ kind: "keep-runs", holder, leaseMs }, now);
    const messages = ownInbox.all(holder, program, after);
    const toClaimed = ({ number, id, epoch, length }: RunRow) => {
      return { run: number, id, epoch, length, messages: inbox.all(number) };
    };
    const lost = known === undefined ? [] : held.all(holder, program);
    const runs = lost.filter(({ number }) => known?.includes(number) === false).map(toClaimed);
    for (const row of due.all(program, now, most)) {
      if (this.#mustWait(program, row, limit)) {
        park.run(row.number);
        continue;
      }
      take.run(holder, row.number);
      runs.push(toClaimed({ ...row, epoch: row.epoch + 1 }));
    }
    const at = next.get(program, holder)?.at ?? undefined;
    const nextInMs = at === undefined ? undefined : Math.max(0, at - now);
    return { ok: { runs, messages, nextInMs } satisfies RunResults["claim-runs"] };
  }

  keep({ holder, leaseMs }: KeepRuns, now: number): Outcome {
    this.#statements.keep.run(holder, now + leaseMs);
    return { ok: {} };
  }

  append({ run, epoch, length, events, taken, next }: AppendRun, now: number): Outcome {
    const { byNumber, takeMessage, inbox, owned, rest, pause, end } = this.#statements;
    const row = byNumber.get(run);
    if (row === undefined || row.epoch !== epoch || row.length !== length || row.state !== "open") {
      return refuse("ABORTED", `Run ${run} is not of epoch ${epoch} and ${length} events any more: another owns it.`);
    }
    this.#append(run, length, events);
    for (const number of taken) takeMessage.run(now, number, run);
    const total = length + events.length;
    if (next.state === "owned") owned.run(total, run);
    else if (next.state === "ended") end.run(total, now, run);
    else if (next.state === "paused") pause.run(total, next.because, run);
    else {
      // What came meanwhile wakes it at once.
      const wakeInMs = inbox.get(run) === undefined ? next.wakeInMs : 0;
      rest.run(total, wakeInMs === undefined ? null : now + wakeInMs, run);
    }
    const freed = next.state === "ended" && this.#unparkOne(row, now);
    return { ok: { told: this.#tell(next, now), freed } satisfies RunResults["append-run"] };
  }

  /** Whether as many of its slot as may be have begun before it. */
  #mustWait(program: string, { epoch, slot, parked }: RunRow, limit: number | undefined): boolean {
    if (limit === undefined || slot === null || epoch > 0 || parked === 2) return false;
    return (this.#statements.inSlot.get(program, slot, 1)?.count ?? 0) >= limit;
  }

  /** One of its slot is over: it is the turn of whoever has waited longest. */
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

function prepare(database: DatabaseSync) {
  return {
    find: select<RunRow>(database, "select * from run where program = ? and id = ?"),
    byNumber: select<RunRow>(database, "select * from run where number = ?"),
    insert: database.prepare("insert into run (program, id, started, wake, length, slot) values (?, ?, ?, ?, ?, ?)"),
    putEvent: database.prepare("insert into run_event (run, n, type, command, at, body) values (?, ?, ?, ?, ?, ?)"),
    due: select<RunRow>(
      database,
      "select * from run where program = ? and wake <= ? and holder is null and state = 'open' order by wake limit ?",
    ),
    take: database.prepare("update run set holder = ?, epoch = epoch + 1, wake = null, parked = 0 where number = ?"),
    inSlot: select<{ readonly count: number }>(
      database,
      "select count(*) as count from run where program = ? and slot = ? and epoch >= ? and slot is not null and state <> 'ended'",
    ),
    park: database.prepare("update run set parked = 1, wake = null where number = ?"),
    unparkOne: database.prepare(
      `update run set parked = 0, wake = ? where number =
         (select number from run where program = ? and slot = ? and parked = 1 order by number limit 1)`,
    ),
    unparkAll: database.prepare("update run set parked = 0, wake = ? where program = ? and parked = 1"),
    letThrough: database.prepare("update run set parked = 2 where number = ? and epoch = 0"),
    held: select<RunRow>(database, "select * from run where holder = ? and program = ?"),
    keep: database.prepare(
      "insert into run_owner (holder, due) values (?, ?) on conflict do update set due = excluded.due",
    ),
    orphaned: select<{ readonly holder: string }>(database, "select holder from run_owner where due <= ?"),
    free: database.prepare("update run set holder = null, wake = ? where holder = ?"),
    forget: database.prepare("delete from run_owner where holder = ?"),
    inbox: select<RunMessage>(
      database,
      "select number, run, body from run_message where run = ? and taken is null order by number",
    ),
    ownInbox: select<RunMessage>(
      database,
      `select message.number, message.run, message.body from run join run_message message on message.run = run.number
       where run.holder = ? and run.program = ? and message.taken is null and message.number > ? order by message.number`,
    ),
    // When a free run comes due, or another owner may be dead.
    next: select<{ readonly at: number | null }>(
      database,
      `select min(at) as at from (
         select min(wake) as at from run where program = ? and holder is null and state = 'open'
         union all select min(due) from run_owner where holder <> ? and holder in (select holder from run)
       )`,
    ),
    owned: database.prepare("update run set length = ? where number = ?"),
    rest: database.prepare("update run set length = ?, holder = null, wake = ? where number = ?"),
    pause: database.prepare(
      "update run set length = ?, holder = null, wake = null, state = 'paused', because = ? where number = ?",
    ),
    end: database.prepare(
      "update run set length = ?, holder = null, wake = null, state = 'ended', ended = ? where number = ?",
    ),
    resume: database.prepare(
      "update run set state = 'open', because = null, wake = ? where number = ? and state = 'paused'",
    ),
    hasKey: select<object>(database, "select 1 from run_message where run = ? and key = ?"),
    put: database.prepare("insert into run_message (run, key, body, at) values (?, ?, ?, ?)"),
    wake: database.prepare(
      "update run set wake = ? where number = ? and holder is null and state = 'open' and parked <> 1",
    ),
    takeMessage: database.prepare("update run_message set taken = ?, body = x'' where number = ? and run = ?"),
  };
}

function refuse(code: "ABORTED" | "NOT_FOUND" | "OVERLOADED" | "FAILED_PRECONDITION", message: string): Outcome {
  return { refused: { code, message } };
}

/** Reads runs, of what is committed. */
export class RunReader {
  readonly #find;
  readonly #list;
  readonly #events;

  constructor(database: DatabaseSync) {
    this.#find = select<RunRow>(database, "select * from run where program = ? and id = ?");
    this.#list = select<RunRow>(
      database,
      "select * from run where program = ? and (? is null or state = ?) and number < ? order by number desc limit ?",
    );
    this.#events = select<RunEvent & { readonly command: number | null }>(
      database,
      "select type, command, at, body from run_event where run = ? and n >= ? order by n limit ?",
    );
  }

  get({ program, id }: Extract<RunQuery, { kind: "run" }>): RunAnswers["run"] {
    const row = this.#find.get(program, id);
    return row === undefined ? undefined : toRunFacts(row);
  }

  list({ program, state, before, most }: Extract<RunQuery, { kind: "runs" }>): RunAnswers["runs"] {
    const wanted = state ?? null;
    const rows = this.#list.all(program, wanted, wanted, before ?? Number.MAX_SAFE_INTEGER, most);
    return rows.map((row) => toRunFacts(row));
  }

  events({ run, from, most }: Extract<RunQuery, { kind: "run-events" }>): RunAnswers["run-events"] {
    const rows = this.#events.all(run, from, most);
    return rows.map(({ type, command, at, body }) => ({ type, command: command ?? undefined, at, body }));
  }
}
