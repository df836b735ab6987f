import { HadronError } from "@hadron/core/spi";

/** The name of a table, a column, a schema, in a statement. Made by `sql.id`. */
export class SqlName {
  readonly text: string;

  constructor(parts: readonly string[]) {
    for (const part of parts) {
      if (typeof part !== "string" || part === "" || part.includes("\0")) {
        throw new HadronError("INVALID_INPUT", `sql.id: ${JSON.stringify(part)} cannot name anything in a database.`);
      }
    }
    this.text = parts.map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
  }
}

/** Rows of a result. */
export interface Rows<Row> extends Array<Row> {
  /** How many rows the statement gave, wrote or removed. */
  readonly count: number;
}

/** A statement as it is sent: values apart from its text. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Runs a statement. */
export type RunStatement = (statement: Statement) => Promise<Rows<any>>;

/**
 * A statement that is sent when it is awaited, once. As a value of another one it is part of that: text is taken over, values
 * stay values.
 */
export class SqlQuery<Row> implements PromiseLike<Rows<Row>> {
  readonly #strings: readonly string[];
  readonly #values: readonly unknown[];
  readonly #run: RunStatement;
  #result: Promise<Rows<Row>> | undefined;

  constructor(strings: readonly string[], values: readonly unknown[], run: RunStatement) {
    this.#strings = strings;
    this.#values = values;
    this.#run = run;
  }

  /** Its text and values, as another tool would take them. INVALID_INPUT where a value is undefined. */
  toStatement(): Statement {
    const values: unknown[] = [];
    return { text: this.#render(values), values };
  }

  // biome-ignore lint/suspicious/noThenProperty: it is awaited, and not before that does it anything.
  then<A = Rows<Row>, B = never>(
    resolve?: ((rows: Rows<Row>) => A | PromiseLike<A>) | null,
    reject?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#result ??= this.#start();
    return this.#result.then(resolve, reject);
  }

  async #start(): Promise<Rows<Row>> {
    return this.#run(this.toStatement());
  }

  #render(values: unknown[]): string {
    return this.#strings.reduce((text, string, index) => text + this.#place(this.#values[index - 1], values) + string);
  }

  #place(value: unknown, values: unknown[]): string {
    if (value instanceof SqlQuery) return value.#render(values);
    if (value instanceof SqlName) return value.text;
    if (value === undefined) {
      throw new HadronError(
        "INVALID_INPUT",
        `The value ${values.length + 1} of a statement is undefined; for NULL, give null.`,
      );
    }
    values.push(value);
    return `$${values.length}`;
  }
}

/** Makes statements of template literals. */
export interface Sql {
  /**
   * A statement whose values are parameters, never part of its text. Awaited it is sent, and gives its rows; within another
   * one it is part of that.
   *
   * @example
   * const rows = await orders.sql<{ sku: string }>`select sku from line where id = any(${ids})`;
   */
  <Row extends object = Record<string, any>>(
    strings: TemplateStringsArray,
    ...values: readonly unknown[]
  ): SqlQuery<Row>;
  /** A name in a statement: `sql.id("public", "line")` is `"public"."line"`. INVALID_INPUT where it can name nothing. */
  id(...parts: readonly string[]): SqlName;
}

/** Makes the template tag of whatever runs statements. */
export function createSql(run: RunStatement): Sql {
  const tag = (strings: TemplateStringsArray, ...values: readonly unknown[]) => new SqlQuery<any>(strings, values, run);
  return Object.assign(tag, { id: (...parts: readonly string[]) => new SqlName(parts) });
}

/** Writes rows into a table, and gives them as they are there, with what the table adds. */
export function toInsert(table: string | SqlName, rows: readonly Readonly<Record<string, unknown>>[]): Statement {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row).filter((key) => row[key] !== undefined)))];
  const name = table instanceof SqlName ? table.text : new SqlName([table]).text;
  if (columns.length === 0) {
    return { text: `insert into ${name} select from generate_series(1, $1) returning *`, values: [rows.length] };
  }
  const values: unknown[] = [];
  const lines = rows.map((row) => {
    const places = columns.map((column) => (row[column] === undefined ? "default" : `$${values.push(row[column])}`));
    return `(${places.join(", ")})`;
  });
  const names = columns.map((column) => new SqlName([column]).text).join(", ");
  return { text: `insert into ${name} (${names}) values ${lines.join(", ")} returning *`, values };
}
