import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** A statement that reads. Its rows have the columns that its text names. */
export interface Select<Row> {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  iterate(...values: SQLInputValue[]): Iterable<Row>;
}

/** Prepares one. SQLite does not say of what type its rows are: whoever writes the text says it, here and nowhere else. */
export function select<Row>(database: DatabaseSync, text: string): Select<Row> {
  return database.prepare(text) as StatementSync & Select<Row>;
}
