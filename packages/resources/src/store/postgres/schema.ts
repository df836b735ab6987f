import { HadronError } from "@hadron/core/spi";
import type { Client } from "pg";
import { COMMIT_FUNCTIONS } from "./functions/commit.ts";
import { ENTRY_FUNCTIONS } from "./functions/entries.ts";
import { QUEUE_FUNCTIONS } from "./functions/queues.ts";
import { RUN_FUNCTIONS } from "./functions/runs.ts";
import { TABLES } from "./tables.ts";

/** Each step takes the schema from the version that its place says to the next. A step that was released is never changed. */
export const STEPS: readonly string[] = [
  TABLES,
  `
  alter table hadron.run add column slot text collate "C", add column parked int not null default 0;
  create index run_slot on hadron.run (program, slot, epoch) where slot is not null and state <> 'ended';
  create index run_parked on hadron.run (program, slot, number) where parked = 1;
  `,
  `
  alter table hadron.run add column first int not null default 0;
  alter table hadron.run add column placed int not null default 0;
  alter table hadron.run add column priority double precision not null default 0;
  alter table hadron.run add column begun bigint;
  alter table hadron.run add column parent bigint;
  alter table hadron.run add column cancelled int;
  update hadron.run set placed = 1 where slot is not null and epoch > 0 and state <> 'ended';
  update hadron.run set wake = null where epoch = 0 and parked <> 2;
  drop index hadron.run_slot;
  drop index hadron.run_parked;
  create index run_placed on hadron.run (program, slot) where placed = 1;
  create index run_crowd on hadron.run (program, slot)
    where slot is not null and state <> 'ended' and (placed = 1 or parked <> 0 or epoch = 0);
  create index run_turn on hadron.run (program, slot, (epoch = 0), priority desc, number) where parked = 1;
  create index run_fresh on hadron.run (program, priority desc, number)
    where epoch = 0 and parked = 0 and holder is null and state = 'open';
  create index run_begun on hadron.run (program, begun) where begun is not null;
  create index run_parent on hadron.run (parent) where parent is not null and state <> 'ended';
  create index run_ended on hadron.run (program, ended) where state = 'ended';
  create table hadron.run_program (program text collate "C" primary key, keep bigint);
  `,
  `
  -- Room beside each row: what a run appends changes none of its indexes then.
  alter table hadron.run set (fillfactor = 50);
  -- Of an expression, which no search for an id has: in a new database that went through all runs of its program.
  drop index hadron.run_number;
  create index run_listed on hadron.run ((program || ''), number);
  `,
  // A run may begin in the hands of whoever starts it: functions alone.
  "",
];

/** Made anew with each step: they are code, and keep nothing. */
const FUNCTIONS = (ENTRY_FUNCTIONS + QUEUE_FUNCTIONS + RUN_FUNCTIONS + COMMIT_FUNCTIONS).replaceAll(
  "create function",
  "create or replace function",
);

const POSTGRES_SCHEMA_VERSION = STEPS.length;

/** The one lock of all who bring a store's schema up to date. */
const LOCK = 0x68_61_64_73;

/**
 * Brings the schema to this version: once, whoever comes at the same time. FAILED_PRECONDITION, and nothing changed, where a newer one
 * made it, or the database keeps its text otherwise than as UTF-8.
 */
export async function migrateStore(client: Client): Promise<void> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock($1)", [LOCK]);
    const { rows: encodings } = await client.query<{ server_encoding: string }>("show server_encoding");
    if (encodings[0]?.server_encoding !== "UTF8") {
      throw new HadronError(
        "FAILED_PRECONDITION",
        `The store's database has the encoding ${encodings[0]?.server_encoding}: make it with UTF8.`,
      );
    }
    await client.query("create schema if not exists hadron");
    await client.query("create table if not exists hadron.store_version (version int not null)");
    const { rows } = await client.query<{ version: number }>("select version from hadron.store_version");
    const found = rows[0]?.version ?? 0;
    if (found > POSTGRES_SCHEMA_VERSION) {
      throw new HadronError(
        "FAILED_PRECONDITION",
        `The store in this database was written by a newer version of Hadron (its tables are of version ${found}, known here are up to ` +
          `${POSTGRES_SCHEMA_VERSION}). It is unharmed: install that version.`,
      );
    }
    for (const step of STEPS.slice(found)) await client.query(step);
    if (found < POSTGRES_SCHEMA_VERSION) await client.query(FUNCTIONS);
    if (found === 0) await client.query("insert into hadron.store_version values ($1)", [POSTGRES_SCHEMA_VERSION]);
    else await client.query("update hadron.store_version set version = $1", [POSTGRES_SCHEMA_VERSION]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}
