import { pipeline } from "node:stream/promises";
import type { Clock } from "@hadron/core";
import { HadronError } from "@hadron/core/spi";
import type { Client } from "pg";
import type { Pieces } from "../../client/pieces.ts";
import { toSqlError } from "../contract/sql-error.ts";
import { columnsOf, type DatabaseHead } from "./backup.ts";
import { nameOf, readTables, type Table } from "./tables.ts";

/**
 * Gives a database the rows of a copy, in a transaction that stays open: whoever called commits or rolls back. FAILED_PRECONDITION where it has
 * rows that came from something else than its migrations, or others of these than the copy.
 *
 * @param rows where the rows begin, behind the head
 */
export async function restoreDatabase(client: Client, head: DatabaseHead, rows: Pieces, clock: Clock): Promise<void> {
  const { from } = await clock.outside(import("pg-copy-streams"));
  const of = `database("${head.database}")`;
  await clock.outside(client.query("begin"));
  await clock.outside(checkMigrations(client, head, of));
  const { tables } = await clock.outside(readTables(client));
  await clock.outside(checkEmpty(client, tables, of));
  if (tables.length > 0) await clock.outside(client.query(`truncate ${tables.map(nameOf).join(", ")}`));
  const again = await clock.outside(withoutTriggers(client, tables));
  for (const table of head.tables) {
    const copying = client.query(from(`copy ${nameOf(table)} ${columnsOf(table)} from stdin`));
    try {
      await clock.outside(pipeline(rows.untilEnd(), copying));
    } catch (cause) {
      throw new HadronError(
        "FAILED_PRECONDITION",
        `${of}: rows of ${nameOf(table)} cannot be restored: ${toSqlError(cause, head.database).detail}`,
        { cause },
      );
    }
  }
  for (const sequence of head.sequences) {
    const [text, values] =
      sequence.last === null
        ? [
            "select setval(seqrelid::regclass, seqstart, false) from pg_sequence where seqrelid = $1::text::regclass",
            [],
          ]
        : ["select setval($1::text::regclass, $2::bigint, true)", [sequence.last]];
    await clock.outside(client.query(text, [nameOf(sequence), ...values]));
  }
  await clock.outside(again());
  const { rows: views } = await clock.outside(
    client.query<{ name: string }>("select oid::regclass::text as name from pg_class where relkind = 'm' order by oid"),
  );
  for (const { name } of views) await clock.outside(client.query(`refresh materialized view ${name}`));
}

async function checkMigrations(client: Client, head: DatabaseHead, of: string): Promise<void> {
  const { rows } = await client.query<{ name: string; sha256: string }>("select name, sha256 from hadron.migration");
  const here = new Map(rows.map(({ name, sha256 }) => [name, sha256]));
  const names = [...new Set([...here.keys(), ...Object.keys(head.migrations)])].sort();
  const other = names.find((name) => here.get(name) !== head.migrations[name]);
  if (other === undefined) return;
  const [has, lacks] = here.has(other) ? ["this app", "the backup"] : ["the backup", "this app"];
  const how =
    here.has(other) && head.migrations[other] !== undefined
      ? "is another in the backup"
      : `is in ${has} and not in ${lacks}`;
  throw new HadronError(
    "FAILED_PRECONDITION",
    `${of}: the migration ${other} ${how}. Restore with the app as it was when the backup was made; the next up brings it up to date.`,
  );
}

/** FAILED_PRECONDITION where a database has rows that came from something else than its migrations. */
export async function checkUntouched(client: Client, database: string): Promise<void> {
  await checkEmpty(client, (await readTables(client)).tables, `database("${database}")`);
}

/** Rows that a migration wrote are in the copy as well. They were written by the transaction that wrote its record. */
async function checkEmpty(client: Client, tables: readonly Table[], of: string): Promise<void> {
  for (const table of tables) {
    const { rowCount } = await client.query(
      `select from ${nameOf(table)} where xmin not in (select xmin from hadron.migration) limit 1`,
    );
    if (rowCount === 0) continue;
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${of} has rows already (in ${nameOf(table)}), and a backup is restored into an empty app only.`,
    );
  }
}

/** Rows come back as they were: nothing fires. Whoever may not say so for a session says it of each table. */
async function withoutTriggers(client: Client, tables: readonly Table[]): Promise<() => Promise<unknown>> {
  const { rows } = await client.query<{ all: boolean }>(
    "select usesuper as all from pg_user where usename = session_user",
  );
  if (rows[0]?.all === true) {
    await client.query("reset role");
    await client.query("set local session_replication_role = replica");
    return () => client.query("set local session_replication_role = origin");
  }
  const alter = async (word: string) => {
    for (const table of tables) await client.query(`alter table ${nameOf(table)} ${word} trigger user`);
  };
  await client.query("set constraints all deferred");
  await alter("disable");
  return () => alter("enable");
}
