import type { DatabaseSync } from "node:sqlite";
import type { RunRow } from "../../contract/rows.ts";
import type { RunMessage } from "../../contract/run-operations.ts";
import { select } from "./select.ts";

/** What is done to the tables of runs. */
export function prepareRuns(database: DatabaseSync) {
  return {
    find: select<RunRow>(database, "select * from run where program = ? and id = ?"),
    byNumber: select<RunRow>(database, "select * from run where number = ?"),
    insert: database.prepare(
      `insert into run (program, id, started, length, slot, priority, parent, holder, epoch)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    called: select<{ readonly n: number }>(
      database,
      "select n from run_event where run = ? and type = 'called' and command = ? limit 1",
    ),
    body: select<{ readonly body: Uint8Array }>(database, "select body from run_event where run = ? and n = ?"),
    putEvent: database.prepare("insert into run_event (run, n, type, command, at, body) values (?, ?, ?, ?, ?, ?)"),
    due: select<RunRow>(
      database,
      "select * from run where program = ? and wake <= ? and holder is null and state = 'open' order by wake limit ?",
    ),
    fresh: select<RunRow>(
      database,
      `select * from run where program = ? and epoch = 0 and parked = 0 and holder is null and state = 'open'
       order by priority desc, number limit ?`,
    ),
    // Who is let through takes no place.
    take: database.prepare(
      `update run set holder = ?, begun = coalesce(?, begun), epoch = epoch + 1, wake = null, parked = 0,
         placed = iif(slot is null or parked = 2, placed, 1) where number = ?`,
    ),
    inSlot: select<{ readonly count: number }>(
      database,
      "select count(*) as count from run where program = ? and slot = ? and placed = 1",
    ),
    inCrowd: select<{ readonly count: number }>(
      database,
      `select count(*) as count from run where program = ? and slot = ?
       and slot is not null and state <> 'ended' and (placed = 1 or parked <> 0 or epoch = 0)`,
    ),
    begunSince: select<{ readonly count: number }>(
      database,
      "select count(*) as count from run where program = ? and begun > ?",
    ),
    nthBegun: select<{ readonly begun: number }>(
      database,
      "select begun from run where program = ? and begun > ? order by begun desc limit 1 offset ?",
    ),
    park: database.prepare("update run set parked = 1, wake = null where number = ?"),
    unparkOne: database.prepare(
      `update run set parked = 0, wake = iif(epoch = 0, null, ?) where number =
         (select number from run where program = ? and slot = ? and parked = 1 order by (epoch = 0), priority desc, number limit 1)`,
    ),
    unparkAll: database.prepare(
      "update run set parked = 0, wake = iif(epoch = 0, null, ?) where program = ? and parked = 1",
    ),
    letThrough: database.prepare("update run set parked = 2 where number = ? and placed = 0 and holder is null"),
    keepFor: database.prepare(
      "insert into run_program (program, keep) values (?, ?) on conflict do update set keep = excluded.keep",
    ),
    expired: select<RunRow>(
      database,
      `select run.* from run_program cross join run on run.program = run_program.program
       where state = 'ended' and ended <= ? - keep limit ?`,
    ),
    ofProgram: select<{ readonly number: number }>(database, "select number from run where program = ?"),
    cut: database.prepare("update run set first = ? where number = ?"),
    forgetEvents: database.prepare("delete from run_event where run = ? and n < ?"),
    forgetMessages: database.prepare("delete from run_message where run = ?"),
    forgetTaken: database.prepare("delete from run_message where run = ? and taken <= ?"),
    forgetRun: database.prepare("delete from run where number = ?"),
    anew: database.prepare(
      "update run set length = ?, first = ?, holder = null, wake = ?, cancelled = null where number = ?",
    ),
    cancel: database.prepare("update run set cancelled = ? where number = ?"),
    children: select<RunRow>(
      database,
      "select * from run where parent = ? and parent is not null and state <> 'ended'",
    ),
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
    owned: database.prepare(
      "update run set length = ? where number = ? and epoch = ? and length = ? and state = 'open'",
    ),
    rest: database.prepare("update run set length = ?, holder = null, wake = ?, placed = ? where number = ?"),
    pause: database.prepare(
      "update run set length = ?, holder = null, wake = null, state = 'paused', because = ?, placed = ? where number = ?",
    ),
    end: database.prepare(
      "update run set length = ?, holder = null, wake = null, state = 'ended', ended = ?, placed = 0 where number = ?",
    ),
    resume: database.prepare(
      "update run set state = 'open', because = null, wake = ? where number = ? and state = 'paused'",
    ),
    hasKey: select<object>(database, "select 1 from run_message where run = ? and key = ?"),
    put: database.prepare("insert into run_message (run, key, body, at) values (?, ?, ?, ?)"),
    wake: database.prepare(
      `update run set wake = ? where number = ? and holder is null and state = 'open' and parked <> 1
       and (epoch > 0 or parked = 2)`,
    ),
    putTaken: database.prepare("insert into run_message (run, key, body, at, taken) values (?, ?, x'', ?, ?)"),
    takeMessage: database.prepare("update run_message set taken = ?, body = x'' where number = ? and run = ?"),
  };
}
