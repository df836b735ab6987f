import type { Client } from "pg";
import type { ThereDatabase } from "./server.ts";

/** Databases that are called so, without the server's own and the store's. */
export async function listDatabases(admin: Client, prefix: string): Promise<readonly ThereDatabase[]> {
  const { rows } = await admin.query<{ name: string; database: string; bytes: string }>(
    `select substr(datname, length($1) + 1) as name, datname as database, pg_database_size(oid) as bytes from pg_database
     where starts_with(datname, $1) and not datistemplate and datname not in ('postgres', $1 || 'hadron.store') order by datname`,
    [prefix],
  );
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
}
