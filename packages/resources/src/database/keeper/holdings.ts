import { HadronError, type Holdings, type KeeperProcedures, type Kept } from "@hadron/core/spi";
import type { Client } from "pg";
import { Pieces } from "../../client/pieces.ts";
import { SqlName } from "../contract/sql.ts";
import { backupDatabase, type DatabaseHead } from "../copy/backup.ts";
import { checkUntouched, restoreDatabase } from "../copy/restore.ts";
import type { DatabaseKeeper } from "./keeper.ts";

/** What the command line asks of databases: what there is, to drop what nobody declares any more, to copy all rows. */
export class DatabaseHoldings implements KeeperProcedures {
  readonly #keeper: DatabaseKeeper;
  readonly #keeps: readonly Kept[];

  constructor(keeper: DatabaseKeeper, keeps: readonly Kept[]) {
    this.#keeper = keeper;
    this.#keeps = keeps;
  }

  async kept(): Promise<Holdings> {
    const declared = this.#keeps.map(({ kind, name, options }) => ({ kind, name, options, keeper: "hadron.database" }));
    const there = await this.#keeper.asAdmin((admin, server) => server.list(admin));
    const things = there.map(({ name, bytes }) => ({ kind: "database", name, holds: "all tables", bytes }));
    return { declared, things };
  }

  /** FAILED_PRECONDITION for one that is declared: something would use it. */
  async drop({ name }: { readonly kind: string; readonly name: string }): Promise<{ readonly dropped: boolean }> {
    if (this.#keeps.some((kept) => kept.name === name)) {
      throw new HadronError(
        "FAILED_PRECONDITION",
        `database("${name}") is declared by what runs, and nothing was removed: take it out of the file, and up, first.`,
      );
    }
    return this.#keeper.asAdmin(async (admin, server) => {
      const found = (await server.list(admin)).find((there) => there.name === name);
      if (found === undefined) return { dropped: false };
      await admin.query(`drop database ${new SqlName([found.database]).text} with (force)`);
      return { dropped: true };
    });
  }

  /** Each database is of one moment of its own. */
  async *backup(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const { name } of this.#keeps) {
      const client = await this.#keeper.enter(name);
      try {
        yield* backupDatabase(client, name, this.#keeper.clock);
      } finally {
        await client.end();
      }
    }
  }

  async restorable(): Promise<void> {
    for (const { name } of this.#keeps) {
      const client = await this.#keeper.enter(name);
      try {
        await this.#keeper.clock.outside(checkUntouched(client, name));
      } finally {
        await client.end();
      }
    }
  }

  /** All databases, or none: they are committed when all rows are there. */
  async restore(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const input = new Pieces(bytes);
    const open: Client[] = [];
    try {
      for (let line = await input.line(); line !== undefined; line = await input.line()) {
        const head = JSON.parse(line) as DatabaseHead;
        const client = await this.#keeper.enter(head.database);
        open.push(client);
        await restoreDatabase(client, head, input, this.#keeper.clock);
      }
      for (const client of open) await this.#keeper.clock.outside(client.query("commit"));
    } finally {
      // What was not committed is rolled back.
      for (const client of open) await client.end();
    }
  }
}
