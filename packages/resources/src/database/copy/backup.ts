import type { Clock } from "@hadron/core";
import type { Client } from "pg";
import { frames } from "../../client/pieces.ts";
import { nameOf, readTables, type Sequence, type Table } from "./tables.ts";

/*
 * A copy is lines of JSON: for each database one that says its name, what migrations it has, where its sequences stand and which tables
 * follow; behind it the rows of each of these as COPY writes them, as text: another version of the server reads that, too.
 */

/** What stands before the rows of a database. */
export interface DatabaseHead {
  readonly database: string;
  /** Of the migrations that were applied: name and SHA-256 of the text. */
  readonly migrations: Readonly<Record<string, string>>;
  readonly sequences: readonly Sequence[];
  readonly tables: readonly Table[];
}

/** All rows of a database, as of one moment, while others go on writing. */
export async function* backupDatabase(
  client: Client,
  database: string,
  clock: Clock,
): AsyncGenerator<Uint8Array, void, undefined> {
  // Loaded where it is used.
  const { to } = await clock.outside(import("pg-copy-streams"));
  await clock.outside(client.query("begin isolation level repeatable read read only"));
  const { rows } = await clock.outside(
    client.query<{ name: string; sha256: string }>("select name, sha256 from hadron.migration order by name"),
  );
  const migrations = Object.fromEntries(rows.map(({ name, sha256 }) => [name, sha256]));
  const head: DatabaseHead = { database, migrations, ...(await clock.outside(readTables(client))) };
  yield Buffer.from(`${JSON.stringify(head)}\n`);
  for (const table of head.tables) {
    yield* frames(client.query(to(`copy ${nameOf(table)} ${columnsOf(table)} to stdout`)));
  }
  await clock.outside(client.query("commit"));
}

/** A list of a table's columns, as COPY takes it. */
export function columnsOf({ columns }: Table): string {
  return columns.length === 0 ? "" : `(${columns.map((column) => `"${column.replaceAll('"', '""')}"`).join(", ")})`;
}
