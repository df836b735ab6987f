/** A script that commits the same rows to SQLite with the same durability: what was set in one turn goes in one transaction. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { drive } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";

const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const database = new DatabaseSync(join(folder, "bare.db"));
database.exec(
  "pragma journal_mode = wal; pragma synchronous = full; create table row (key text primary key, value blob) strict",
);
const upsert = database.prepare("insert into row values (?, ?) on conflict (key) do update set value = excluded.value");
const ROW = { user: "ann", items: ["tea", "cake", "milk"], note: "x".repeat(24) };
/** Each differs from what is there: SQLite writes nothing where a value stays as it is. */
const rowOf = (at: number) => ({ ...ROW, at });

let waiting: { readonly key: string; readonly value: Buffer; readonly resolve: () => void }[] = [];
function set(serial: number): Promise<void> {
  const key = `user/${serial % 1000}`;
  return new Promise((resolve) => {
    if (waiting.push({ key, value: Buffer.from(JSON.stringify(rowOf(serial))), resolve }) === 1) setImmediate(commit);
  });
}

function commit(): void {
  const batch = waiting;
  waiting = [];
  database.exec("begin immediate");
  for (const { key, value } of batch) upsert.run(key, value);
  database.exec("commit");
  for (const { resolve } of batch) resolve();
}

let serial = 0;
serveSide({ set: (options) => drive(() => set(serial++), options) });
