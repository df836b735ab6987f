import type { DatabaseSync } from "node:sqlite";
import { HadronError } from "@hadron/core/spi";

/**
 * Each step takes the tables from the version that its place says to the next. A step that was released is never changed.
 *
 * `message.state`: 0 waits (from `due` on it can be claimed), 1 waits for another of its key, 2 is claimed (until `due`),
 * 3 is dead (since `due`).
 *
 * `run.wake`: when a run without an owner has something to do; null: when a message comes. `run_message.taken`: when its owner
 * moved it into the log; its key stays. `run.parked` and `placed`: see `RunRow`. `run.first`: with which event its log begins.
 * `run.begun`: when it was claimed first, where the rate of that is limited. `run.parent`: the number of the run with which it is
 * cancelled. `run_program.keep`: how long runs that are over are kept, in milliseconds.
 *
 * A run that has not begun, and is not parked, has no `wake`: it is found by its priority.
 */
const STEPS: readonly string[] = [
  `
  create table fact (name text primary key, value integer not null) without rowid;
  insert into fact values ('sequence', 0), ('time', 0);

  create table entry (
    store text not null, key text not null, value blob not null, version integer not null, expires integer,
    primary key (store, key)
  ) without rowid;
  create index entry_expires on entry (expires) where expires is not null;

  create table message (
    id integer primary key, queue text not null, state integer not null, due integer not null, attempt integer not null,
    key text, given_id text, body blob not null, sent integer not null, holder text, reason text
  );
  create index message_next on message (queue, state, due);
  create index message_dead on message (due) where state = 3;
  create index message_key on message (queue, key, id) where key is not null;

  create table sent_id (queue text not null, id text not null, at integer not null, primary key (queue, id)) without rowid;
  create index sent_id_at on sent_id (at);

  create table lock (name text primary key, holder text not null, token integer not null, due integer not null) without rowid;
  create unique index lock_token on lock (token);

  create table answered (
    client text not null, number integer not null, outcomes blob not null, at integer not null,
    primary key (client, number)
  ) without rowid;
  create index answered_at on answered (at);
  `,
  `
  create table run (
    number integer primary key, program text not null, id text not null, state text not null default 'open',
    epoch integer not null default 0, length integer not null default 1, holder text, wake integer, because text,
    started integer not null, ended integer,
    unique (program, id)
  );
  create index run_due on run (program, wake) where holder is null and state = 'open';
  create index run_holder on run (holder) where holder is not null;

  create table run_event (
    run integer not null, n integer not null, type text not null, command integer, at integer not null, body blob not null,
    primary key (run, n)
  ) without rowid;

  create table run_message (
    number integer primary key autoincrement, run integer not null, key text, body blob not null, at integer not null,
    taken integer
  );
  create unique index run_message_key on run_message (run, key) where key is not null;
  create index run_message_new on run_message (run) where taken is null;

  create table run_owner (holder text primary key, due integer not null) without rowid;
  `,
  `
  alter table run add column slot text;
  alter table run add column parked integer not null default 0;
  create index run_slot on run (program, slot, epoch) where slot is not null and state <> 'ended';
  create index run_parked on run (program, slot, number) where parked = 1;
  `,
  `
  alter table run add column first integer not null default 0;
  alter table run add column placed integer not null default 0;
  alter table run add column priority real not null default 0;
  alter table run add column begun integer;
  alter table run add column parent integer;
  alter table run add column cancelled integer;
  update run set placed = 1 where slot is not null and epoch > 0 and state <> 'ended';
  update run set wake = null where epoch = 0 and parked <> 2;
  drop index run_slot;
  drop index run_parked;
  create index run_placed on run (program, slot) where placed = 1;
  create index run_crowd on run (program, slot)
    where slot is not null and state <> 'ended' and (placed = 1 or parked <> 0 or epoch = 0);
  create index run_turn on run (program, slot, (epoch = 0), priority desc, number) where parked = 1;
  create index run_fresh on run (program, priority desc, number)
    where epoch = 0 and parked = 0 and holder is null and state = 'open';
  create index run_begun on run (program, begun) where begun is not null;
  create index run_parent on run (parent) where parent is not null and state <> 'ended';
  create index run_ended on run (program, ended) where state = 'ended';
  create table run_program (program text primary key, keep integer) without rowid;
  `,
];

export const SCHEMA_VERSION = STEPS.length;

/** Brings the tables to this version. FAILED_PRECONDITION, and nothing changed, where they were made by a newer one. */
export function migrate(database: DatabaseSync, place: string): void {
  const { user_version: found } = database.prepare("pragma user_version").get() as { user_version: number };
  if (found > SCHEMA_VERSION) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `The store in ${place} was written by a newer version of Hadron (its tables are of version ${found}, known here are up to ` +
        `${SCHEMA_VERSION}). It is unharmed: install that version, or restore a backup into another folder.`,
    );
  }
  if (found === SCHEMA_VERSION) return;
  database.exec("begin immediate");
  try {
    for (const step of STEPS.slice(found)) database.exec(step);
    database.exec(`pragma user_version = ${SCHEMA_VERSION}`);
    database.exec("commit");
  } catch (error) {
    database.exec("rollback");
    throw error;
  }
}
