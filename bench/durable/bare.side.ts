/**
 * A bare script that makes the commits of five steps on SQLite, with the rows that a log has: the start with its owner and the first
 * intent, each outcome with the next intent, and the last with the end. With group commit, what came in one turn goes in one transaction.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type DriveOptions, drive } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";

const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const database = new DatabaseSync(join(folder, "bare.db"));
database.exec(`
  pragma journal_mode = wal; pragma synchronous = full;
  create table run (number integer primary key, id text not null unique, state text not null, epoch integer not null, length integer not null) strict;
  create table event (run integer not null, n integer not null, type text not null, body blob not null, primary key (run, n)) strict, without rowid;
`);
const insertRun = database.prepare("insert into run (id, state, epoch, length) values (?, 'open', 1, 2)");
const updateRun = database.prepare("update run set length = ?, state = ? where number = ?");
const insertEvent = database.prepare("insert into event (run, n, type, body) values (?, ?, ?, ?)");

type Commit = (write: () => void) => Promise<void>;

/** One transaction each. */
const alone: Commit = async (write) => {
  database.exec("begin immediate");
  write();
  database.exec("commit");
};

let waiting: { write(): void; resolve(): void }[] = [];
/** One transaction for all of a turn. */
const grouped: Commit = (write) =>
  new Promise((resolve) => {
    if (waiting.push({ write, resolve }) > 1) return;
    setImmediate(() => {
      const group = waiting;
      waiting = [];
      database.exec("begin immediate");
      for (const one of group) one.write();
      database.exec("commit");
      for (const one of group) one.resolve();
    });
  });

let serial = 0;
async function five(commit: Commit): Promise<void> {
  const id = `run ${serial++}`;
  let run = 0;
  let length = 0;
  const append = (type: string, value: object) =>
    insertEvent.run(run, length++, type, Buffer.from(JSON.stringify({ type, at: Date.now(), ...value })));
  const called = (command: number) => append("called", { command, kind: "step", name: "add" });
  await commit(() => {
    run = Number(insertRun.run(id).lastInsertRowid);
    append("started", { input: serial });
    called(0);
  });
  let sum = serial;
  for (let i = 1; i <= 5; i++) {
    sum += i - 1;
    await commit(() => {
      append("settled", { command: i - 1, value: sum });
      if (i < 5) called(i);
      else append("ended", { value: sum });
      updateRun.run(length, i < 5 ? "open" : "ended", run);
    });
  }
}

serveSide({
  alone: (options: DriveOptions) => drive(() => five(alone), options),
  grouped: (options: DriveOptions) => drive(() => five(grouped), options),
});
