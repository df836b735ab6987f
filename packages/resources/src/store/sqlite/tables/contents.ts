import type { DatabaseSync } from "node:sqlite";
import type { Answers, Drop, Move, Outcome, Query, Results } from "../../contract/operations.ts";
import { toQueued, type WaitingRow } from "../../contract/rows.ts";
import type { EntryCache } from "./entry-cache.ts";
import { select } from "./select.ts";

/** Removes and renames all that is kept under a name, within a transaction of whoever calls. */
export class Contents {
  readonly #cache: EntryCache;
  readonly #statements;

  constructor(database: DatabaseSync, cache: EntryCache) {
    this.#cache = cache;
    this.#statements = {
      dropEntries: database.prepare("delete from entry where store = ?"),
      dropMessages: database.prepare("delete from message where queue = ?"),
      dropIds: database.prepare("delete from sent_id where queue = ?"),
      hasEntries: select<object>(database, "select 1 from entry where store = ? limit 1"),
      hasMessages: select<object>(database, "select 1 from message where queue = ? limit 1"),
      moveEntries: database.prepare("update entry set store = ? where store = ?"),
      moveMessages: database.prepare("update message set queue = ? where queue = ?"),
      moveIds: database.prepare("update or ignore sent_id set queue = ? where queue = ?"),
    };
  }

  drop({ what, name }: Drop): Outcome {
    const { dropEntries, dropMessages, dropIds } = this.#statements;
    this.#cache.clear();
    const { changes } = (what === "store" ? dropEntries : dropMessages).run(name);
    if (what === "queue") dropIds.run(name);
    return { ok: { count: Number(changes) } satisfies Results["drop"] };
  }

  move({ what, from, to }: Move): Outcome {
    const { hasEntries, hasMessages, moveEntries, moveMessages, moveIds } = this.#statements;
    const [has, move] = what === "store" ? [hasEntries, moveEntries] : [hasMessages, moveMessages];
    // Once it was moved, or was used under its new name, nothing is left to do, and nothing to lose.
    if (has.get(to) !== undefined) return { ok: { count: 0 } satisfies Results["move"] };
    this.#cache.clear();
    const { changes } = move.run(to, from);
    if (what === "queue") moveIds.run(to, from);
    return { ok: { count: Number(changes) } satisfies Results["move"] };
  }
}

/** Says what is kept, of what is committed. */
export class ContentsReader {
  readonly #stores;
  readonly #queues;
  readonly #runs;
  readonly #messages;

  constructor(database: DatabaseSync) {
    this.#stores = select<Answers["contents"]["stores"][number]>(
      database,
      `select store as name, count(*) as entries, sum(length(cast(key as blob)) + length(value)) as bytes
       from entry where expires is null or expires > ? group by store order by store`,
    );
    this.#queues = select<Answers["contents"]["queues"][number]>(
      database,
      `select queue as name, sum(state < 2) as waiting, sum(state = 2) as working, sum(state = 3) as dead, sum(length(body)) as bytes
       from message group by queue order by queue`,
    );
    this.#runs = select<Answers["contents"]["runs"][number]>(
      database,
      `select program as name, sum(state = 'open') as open, sum(state = 'paused') as paused, sum(state = 'ended') as ended,
         (select coalesce(sum(length(body)), 0) from run_event where run in (select number from run other where other.program = run.program))
         as bytes
       from run group by program order by program`,
    );
    this.#messages = select<WaitingRow>(
      database,
      `select id, state, due, attempt, key, given_id, body, sent from message
       where queue = ? and state < 3 and id > ? order by id limit ?`,
    );
  }

  contents(now: number): Answers["contents"] {
    return {
      stores: this.#stores.all(now),
      queues: this.#queues.all(),
      runs: this.#runs.all(),
    };
  }

  messages({ queue, after, most }: Extract<Query, { kind: "messages" }>, now: number): Answers["messages"] {
    return this.#messages.all(queue, after, most).map((row) => toQueued(row, now));
  }
}
