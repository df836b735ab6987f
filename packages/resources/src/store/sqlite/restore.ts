import { DatabaseSync } from "node:sqlite";
import { HadronError } from "@hadron/core/spi";
import { SCHEMA_VERSION } from "./schema.ts";

/** Stores of our own, such as when schedules were due: an app that just started has some, and the backup's take their place. */
const OWN = "store glob 'hadron.*'";

/**
 * Copies what a backup holds into a database that keeps nothing yet, in one transaction. Gives the sequence from which versions and
 * tokens go on: it is behind none of either side. FAILED_PRECONDITION, and nothing changed, where there is something already, or the
 * file is no backup that this version can read.
 */
export function restoreFrom(database: DatabaseSync, path: string, sequence: number): number {
  const found = checkBackup(path);
  checkEmpty(database);
  database.prepare("attach database ? as backup").run(path);
  try {
    const next = Math.max(sequence, found);
    database.exec("begin immediate");
    try {
      database.exec(`
        delete from entry where ${OWN};
        insert into entry (store, key, value, version, expires) select store, key, value, version, expires from backup.entry;
        insert into message (id, queue, state, due, attempt, key, given_id, body, sent, holder, reason)
          select id, queue, state, due, attempt, key, given_id, body, sent, holder, reason from backup.message;
        insert or ignore into sent_id (queue, id, at) select queue, id, at from backup.sent_id;
        insert into run (number, program, id, state, epoch, first, length, wake, because, started, ended, slot, parked, placed, priority,
            begun, parent, cancelled)
          select number, program, id, state, epoch, first, length, iif(holder is null, wake, 0), because, started, ended, slot, parked,
            placed, priority, begun, parent, cancelled from backup.run;
        insert or ignore into run_program (program, keep) select program, keep from backup.run_program;
        insert into run_event (run, n, type, command, at, body) select run, n, type, command, at, body from backup.run_event;
        insert into run_message (number, run, key, body, at, taken)
          select number, run, key, body, at, taken from backup.run_message;
      `);
      database.prepare("update fact set value = ? where name = 'sequence'").run(next);
      database.exec("commit");
    } catch (error) {
      if (database.isTransaction) database.exec("rollback");
      throw error;
    }
    return next;
  } finally {
    database.exec("detach database backup");
  }
}

function checkEmpty(database: DatabaseSync): void {
  const full = database
    .prepare(
      `select (select count(*) from entry where not ${OWN}) as entries, (select count(*) from message) as messages,
       (select count(*) from run) as runs`,
    )
    .get() as { entries: number; messages: number; runs: number };
  if (full.entries === 0 && full.messages === 0 && full.runs === 0) return;
  throw new HadronError(
    "FAILED_PRECONDITION",
    `The store keeps ${full.entries} values, ${full.messages} messages and ${full.runs} durable runs already, and a backup is restored into an empty app only: ` +
      "delete --data empties this one, and --app=NAME is another.",
  );
}

/** Looks at a backup before anything is done with it: gives the sequence from which its numbers go on. FAILED_PRECONDITION where it is none. */
export function checkBackup(path: string): number {
  let backup: DatabaseSync | undefined;
  try {
    backup = new DatabaseSync(path, { readOnly: true });
    const { user_version: version } = backup.prepare("pragma user_version").get() as { user_version: number };
    if (version !== SCHEMA_VERSION) {
      const than =
        version > SCHEMA_VERSION ? "a newer version of Hadron: install that one" : "none of ours, or an older one";
      throw new HadronError(
        "FAILED_PRECONDITION",
        `The backup was written by ${than} (its tables are of version ${version}).`,
      );
    }
    return (backup.prepare("select value from fact where name = 'sequence'").get() as { value: number }).value;
  } catch (error) {
    if (error instanceof HadronError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new HadronError("FAILED_PRECONDITION", `That is no backup of a store: ${why}.`, { cause: error });
  } finally {
    backup?.close();
  }
}
