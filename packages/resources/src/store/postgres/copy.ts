import { existsSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { HadronError } from "@hadron/core/spi";
import type { Client } from "pg";
import { checkBackup } from "../sqlite/restore.ts";
import { migrate } from "../sqlite/schema.ts";
import { fromText, toText } from "./text.ts";

/** Rows that are on their way at once. */
const MOST_ROWS = 500;
/** Stores of our own: see `../sqlite/restore.ts`. */
const OWN = "store like 'hadron.%'";

interface Copied {
  readonly name: string;
  /** Each with its type: text is stored with escapes, bytes and numbers as they are. */
  readonly columns: Readonly<Record<string, "text" | "bigint" | "float8" | "bytea">>;
  readonly order: string;
}

const TABLES: readonly Copied[] = [
  {
    name: "entry",
    columns: { store: "text", key: "text", value: "bytea", version: "bigint", expires: "bigint" },
    order: "store, key",
  },
  {
    name: "message",
    columns: {
      ...{ id: "bigint", queue: "text", state: "bigint", due: "bigint", attempt: "bigint", key: "text" },
      ...{ given_id: "text", body: "bytea", sent: "bigint", holder: "text", reason: "text" },
    },
    order: "id",
  },
  { name: "sent_id", columns: { queue: "text", id: "text", at: "bigint" }, order: "queue, id" },
  {
    name: "run",
    columns: {
      ...{ number: "bigint", program: "text", id: "text", state: "text", epoch: "bigint", length: "bigint" },
      ...{ holder: "text", wake: "bigint", because: "text", started: "bigint", ended: "bigint" },
      ...{ slot: "text", parked: "bigint", placed: "bigint", first: "bigint", priority: "float8", begun: "bigint" },
      ...{ parent: "bigint", cancelled: "bigint" },
    },
    order: "number",
  },
  { name: "run_program", columns: { program: "text", keep: "bigint" }, order: "program" },
  {
    name: "run_event",
    columns: { run: "bigint", n: "bigint", type: "text", command: "bigint", at: "float8", body: "bytea" },
    order: "run, n",
  },
  {
    name: "run_message",
    columns: { number: "bigint", run: "bigint", key: "text", body: "bytea", at: "bigint", taken: "bigint" },
    order: "number",
  },
];

/** Writes what a database keeps to a file, as of one moment: the form of SQLite's store, so that either driver takes it. */
export async function copyTo(client: Client, path: string): Promise<void> {
  if (existsSync(path)) throw new HadronError("ALREADY_EXISTS", `There is a file ${path}: a backup replaces none.`);
  const file = new DatabaseSync(path);
  try {
    migrate(file, path);
    await client.query("begin isolation level repeatable read read only");
    file.exec("begin");
    for (const { name, columns, order } of TABLES) {
      const names = Object.keys(columns);
      const insert = file.prepare(
        `insert into ${name} (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`,
      );
      await client.query(
        `declare rows no scroll cursor for select ${names.join(", ")} from hadron.${name} order by ${order}`,
      );
      for (;;) {
        const { rows } = await client.query<unknown[]>({ text: `fetch ${MOST_ROWS} from rows`, rowMode: "array" });
        for (const row of rows) insert.run(...row.map((value, at) => toFile(value, columns[names[at] ?? ""])));
        if (rows.length < MOST_ROWS) break;
      }
      await client.query("close rows");
    }
    const { rows } = await client.query<{ sequence: string; time: string }>(
      "select (select last_value from hadron.sequence) as sequence, time from hadron.fact",
    );
    const keep = file.prepare("update fact set value = ? where name = ?");
    keep.run(Number(rows[0]?.sequence), "sequence");
    keep.run(Number(rows[0]?.time), "time");
    file.exec("commit");
    await client.query("commit");
  } finally {
    file.close();
  }
}

/**
 * Takes what a backup of either driver holds, all or nothing. FAILED_PRECONDITION where something is kept already, or the file is no
 * backup that this version can read.
 */
export async function copyFrom(client: Client, path: string): Promise<void> {
  const sequence = checkBackup(path);
  const file = new DatabaseSync(path, { readOnly: true });
  try {
    await client.query("begin");
    // Nobody commits meanwhile.
    await client.query("select from hadron.fact for update");
    await checkEmpty(client);
    await client.query(`delete from hadron.entry where ${OWN}`);
    for (const { name, columns } of TABLES) {
      const names = Object.keys(columns);
      const unnested = names.map((column, at) => `$${at + 1}::${columns[column]}[]`).join(", ");
      const text = `insert into hadron.${name} (${names.join(", ")}) select * from unnest(${unnested}) on conflict do nothing`;
      for (const rows of inPieces(file.prepare(`select ${names.join(", ")} from ${name}`).iterate())) {
        await client.query(
          text,
          names.map((column) => rows.map((row) => fromFile(row[column]))),
        );
      }
    }
    // Nobody owns a run in an app that was empty.
    await client.query("update hadron.run set wake = 0, holder = null where holder is not null");
    await client.query("select setval('hadron.sequence', greatest($1, (select last_value from hadron.sequence)))", [
      Math.max(1, sequence),
    ]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  } finally {
    file.close();
  }
}

function toFile(value: unknown, type: string | undefined): SQLInputValue {
  if (value === null) return null;
  if (type === "text") return fromText(String(value));
  return value instanceof Uint8Array ? value : Number(value);
}

function fromFile(value: unknown): unknown {
  return typeof value === "string" ? toText(value) : value instanceof Uint8Array ? Buffer.from(value) : value;
}

function* inPieces<T>(rows: Iterable<T>): Generator<T[]> {
  let piece: T[] = [];
  for (const row of rows) {
    piece.push(row);
    if (piece.length < MOST_ROWS) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

async function checkEmpty(client: Client): Promise<void> {
  const { rows } = await client.query<{ entries: string; messages: string; runs: string }>(
    `select (select count(*) from hadron.entry where not ${OWN}) as entries, (select count(*) from hadron.message) as messages,
     (select count(*) from hadron.run) as runs`,
  );
  const { entries = "0", messages = "0", runs = "0" } = rows[0] ?? {};
  if (entries === "0" && messages === "0" && runs === "0") return;
  throw new HadronError(
    "FAILED_PRECONDITION",
    `The store keeps ${entries} values, ${messages} messages and ${runs} durable runs already, and a backup is restored into an empty app only: ` +
      "delete --data empties this one, and --app=NAME is another.",
  );
}
