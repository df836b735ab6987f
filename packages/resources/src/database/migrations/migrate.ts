import { type Clock, HadronError } from "@hadron/core";
import type { Client } from "pg";
import { INBOX_TABLE } from "../contract/inbox.ts";
import { OUTBOX_TABLE } from "../contract/outbox.ts";
import { toSqlError } from "../contract/sql-error.ts";
import type { Migration } from "./declared.ts";
import { type FileStatement, splitStatements } from "./split.ts";

/** The one lock of all who migrate a database: "hadron" as a number. */
const LOCK = 0x68_61_64_72;
/** Asked for again and again rather than waited for: a statement that waits keeps `create index concurrently` from ending. */
const ASK_AGAIN_MS = 200;

const RECORDS = `
create schema if not exists hadron;
create table if not exists hadron.migration (
  name text primary key, sha256 text not null, applied_at timestamptz not null default now()
);
create table if not exists hadron.fence (name text primary key, token bigint not null);
${OUTBOX_TABLE}
${INBOX_TABLE}`;

export interface MigrateOptions {
  /** The resource, for messages: `database("orders")`. */
  readonly of: string;
  /** A connection to the database, of whoever owns its schema. */
  readonly client: Client;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each one as it begins. */
  readonly tell: (name: string) => void;
}

/**
 * Applies what has not been applied: each with its record in one transaction, in the order of the names, one process at a time.
 * What is applied is a set: one with an early number that comes late is applied then. Gives the names of all that are.
 *
 * FAILED_PRECONDITION where one that was applied has been edited, or where one fails, with file, line, statement and SQLSTATE:
 * nothing of it is kept, and those before it are.
 */
export async function migrate(
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<ReadonlyMap<string, string>> {
  const { client, clock } = options;
  await lock(options);
  try {
    return await clock.outside(applyAll(migrations, options));
  } finally {
    // A connection that broke has let go of it.
    await client.query("select pg_advisory_unlock($1)", [LOCK]).catch(() => {});
  }
}

async function applyAll(
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<ReadonlyMap<string, string>> {
  const { client, of, signal, tell } = options;
  await client.query(RECORDS);
  const applied = await readApplied(client);
  for (const { name, sha256 } of migrations) {
    const before = applied.get(name);
    if (before === undefined || before === sha256) continue;
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${of}: the migration ${name} was applied, and has been edited since: put its text back, and write what is to change into a new one.`,
    );
  }
  for (const migration of migrations) {
    if (applied.has(migration.name)) continue;
    signal.throwIfAborted();
    tell(migration.name);
    await applyOne(migration, options);
    applied.set(migration.name, migration.sha256);
  }
  return applied;
}

async function lock({ client, clock, signal }: MigrateOptions): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock($1) as got", [LOCK]);
    if (rows[0]?.got === true) return;
    signal.throwIfAborted();
    await new Promise<void>((resolve) => clock.after(ASK_AGAIN_MS, resolve));
  }
}

/** What has been applied, each with the hash of its text. */
async function readApplied(client: Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; sha256: string }>("select name, sha256 from hadron.migration");
  return new Map(rows.map(({ name, sha256 }) => [name, sha256]));
}

async function applyOne({ name, text, sha256 }: Migration, { client, of }: MigrateOptions): Promise<void> {
  const statements = splitStatements(text);
  // What cannot run in a transaction, such as `create index concurrently`, says so in a line of its own.
  const isAtomic = !/^\s*--\s*hadron:\s*no transaction\s*$/im.test(text);
  const record = () => client.query("insert into hadron.migration (name, sha256) values ($1, $2)", [name, sha256]);
  if (isAtomic) await client.query("begin");
  try {
    for (const [index, statement] of statements.entries()) {
      await client.query(statement.text).catch((cause: unknown) => {
        throw toFailure({ of, name, statement, index, isAtomic }, cause);
      });
    }
    await record();
    if (isAtomic) {
      await client.query("commit").catch((cause: unknown) => {
        throw new HadronError(
          "FAILED_PRECONDITION",
          `${of}: the migration ${name}.sql failed as it was committed: ${wordsOf(cause)}`,
          { cause },
        );
      });
    }
  } catch (error) {
    if (isAtomic) await client.query("rollback").catch(() => {});
    throw error;
  }
}

interface Failing {
  readonly of: string;
  readonly name: string;
  readonly statement: FileStatement;
  readonly index: number;
  readonly isAtomic: boolean;
}

function toFailure({ of, name, statement, index, isAtomic }: Failing, cause: unknown): HadronError {
  const [first = ""] = statement.text.split("\n").filter((line) => !/^\s*(--.*)?$/.test(line));
  const kept = isAtomic
    ? "Nothing of this migration was kept"
    : "It runs without a transaction: what stands before this statement was done, and has to be undone or made repeatable by hand";
  return new HadronError(
    "FAILED_PRECONDITION",
    `${of}: the migration ${name}.sql failed in its statement ${index + 1}, line ${statement.line} (${first.trim().slice(0, 80)}): ${wordsOf(cause)}. ${kept}.`,
    { cause },
  );
}

function wordsOf(cause: unknown): string {
  const { sqlState } = toSqlError(cause, "") as { sqlState?: string };
  const text = cause instanceof Error ? cause.message : String(cause);
  return sqlState === undefined ? text : `${text} (SQLSTATE ${sqlState})`;
}
