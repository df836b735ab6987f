import type { DatabaseSync } from "node:sqlite";
import { deserialize, serialize } from "node:v8";
import type { Batch } from "../../contract/driver.ts";
import type { Operation, Outcome } from "../../contract/operations.ts";
import { select } from "./select.ts";

/** So long the answers of a client are kept that sends nothing more: longer than any call may last. */
const KEPT_MS = 3_600_000;

/** Operations whose outcomes JSON can say: it is quicker. */
const PLAIN: ReadonlySet<Operation["kind"]> = new Set([
  "set",
  "delete",
  "send",
  "extend",
  "finish",
  "fail",
  "give-back",
]);

/** What was answered is removed when so many more are. */
const SETTLED_TOGETHER = 16;

/** Of the batches of a client. */
interface Known {
  /** The highest number that may be kept. */
  last: number;
  /** Below, none is. */
  settled: number;
}

/**
 * The answers to batches whose clients may not have had them yet. A batch that comes a second time, because the connection
 * broke before its answer, gets the same one, and is not done again. One row a batch, so that it costs little.
 */
export class Answered {
  readonly #find;
  readonly #put;
  readonly #settle;
  readonly #forget;
  readonly #last;
  readonly #known = new Map<string, Known>();

  constructor(database: DatabaseSync) {
    // Earlier versions had it, for what is done once a minute.
    database.exec("drop index if exists answered_at");
    this.#find = select<{ readonly outcomes: Uint8Array | string }>(
      database,
      "select outcomes from answered where client = ? and number = ?",
    );
    this.#last = select<{ readonly last: number | null }>(
      database,
      "select max(number) as last from answered where client = ?",
    );
    this.#put = database.prepare("insert into answered (client, number, outcomes, at) values (?, ?, ?, ?)");
    this.#settle = database.prepare("delete from answered where client = ? and number < ?");
    this.#forget = database.prepare(
      "delete from answered where (client, number) in (select client, number from answered where at <= ? limit ?)",
    );
  }

  find({ client, number }: Batch): readonly Outcome[] | undefined {
    // Nearly always it is a new one.
    if (number > this.#knownOf(client).last) return undefined;
    const row = this.#find.get(client, number);
    if (row === undefined) return undefined;
    return typeof row.outcomes === "string" ? (JSON.parse(row.outcomes) as Outcome[]) : deserialize(row.outcomes);
  }

  keep({ client, number, settled, operations }: Batch, outcomes: readonly Outcome[], now: number): void {
    const known = this.#knownOf(client);
    known.last = Math.max(known.last, number);
    if (settled - known.settled >= SETTLED_TOGETHER) {
      this.#settle.run(client, settled);
      known.settled = settled;
    }
    const isPlain = operations.every(({ kind }) => PLAIN.has(kind));
    this.#put.run(client, number, isPlain ? JSON.stringify(outcomes) : serialize(outcomes), now);
  }

  #knownOf(client: string): Known {
    let known = this.#known.get(client);
    if (known === undefined) {
      known = { last: this.#last.get(client)?.last ?? 0, settled: 0 };
      this.#known.set(client, known);
    }
    return known;
  }

  sweep(now: number, most: number): number {
    this.#known.clear();
    return Number(this.#forget.run(now - KEPT_MS, most).changes);
  }
}
