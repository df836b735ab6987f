import type { DatabaseSync } from "node:sqlite";
import { deserialize, serialize } from "node:v8";
import type { Batch } from "../../contract/driver.ts";
import type { Outcome } from "../../contract/operations.ts";
import { select } from "./select.ts";

/** So long the answers of a client are kept that sends nothing more: longer than any call may last. */
const KEPT_MS = 3_600_000;

/**
 * The answers to batches whose clients may not have had them yet. A batch that comes a second time, because the connection
 * broke before its answer, gets the same one, and is not done again. One row a batch, so that it costs little.
 */
export class Answered {
  readonly #find;
  readonly #put;
  readonly #settle;
  readonly #forget;

  constructor(database: DatabaseSync) {
    this.#find = select<{ readonly outcomes: Uint8Array }>(
      database,
      "select outcomes from answered where client = ? and number = ?",
    );
    this.#put = database.prepare("insert into answered (client, number, outcomes, at) values (?, ?, ?, ?)");
    this.#settle = database.prepare("delete from answered where client = ? and number < ?");
    this.#forget = database.prepare(
      "delete from answered where (client, number) in (select client, number from answered where at <= ? limit ?)",
    );
  }

  find({ client, number }: Batch): readonly Outcome[] | undefined {
    const row = this.#find.get(client, number);
    return row === undefined ? undefined : deserialize(row.outcomes);
  }

  keep({ client, number, settled }: Batch, outcomes: readonly Outcome[], now: number): void {
    this.#settle.run(client, settled);
    this.#put.run(client, number, serialize(outcomes), now);
  }

  sweep(now: number, most: number): number {
    return Number(this.#forget.run(now - KEPT_MS, most).changes);
  }
}
