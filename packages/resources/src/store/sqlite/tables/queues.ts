import type { DatabaseSync } from "node:sqlite";
import type {
  Answers,
  Claim,
  ClaimedMessage,
  DeadLetter,
  DeadLetters,
  Extend,
  Fail,
  Finish,
  GiveBack,
  Message,
  Outcome,
  Query,
  QueueState,
  Results,
  Send,
} from "../../contract/operations.ts";
import { MESSAGE_STATE, type MessageRow, toMessage } from "../../contract/rows.ts";
import { select } from "./select.ts";
import type { Next } from "./sequence.ts";

const { waiting: WAITING, behind: BLOCKED, working: CLAIMED, dead: DEAD } = MESSAGE_STATE;

/** So long the id of a message is remembered. */
const ID_MS = 24 * 3_600_000;

/**
 * Queues, within a transaction of whoever calls. At least once: a message is there until somebody who holds its lease says
 * that it is done. Of the messages of one key only the first can be claimed; the others are blocked until it is gone.
 */
export class Queues {
  readonly #next: Next;
  readonly #statements;

  constructor(database: DatabaseSync, next: Next) {
    this.#next = next;
    this.#statements = prepare(database);
  }

  send({ queues, body, id, key, delayMs, maxLength }: Send, now: number): Outcome {
    const { length, findId, putId, hasKey, insert } = this.#statements;
    const since = now - ID_MS;
    if (id !== undefined && queues.some((queue) => findId.get(queue, id, since) !== undefined)) {
      return { ok: { duplicate: true } satisfies Results["send"] };
    }
    if (maxLength !== undefined) {
      const full = queues.find((queue) => (length.get(queue, maxLength)?.count ?? 0) >= maxLength);
      if (full !== undefined) return overloaded(full, maxLength);
    }
    for (const queue of queues) {
      if (id !== undefined) putId.run(queue, id, now);
      const isBlocked = key !== undefined && hasKey.get(queue, key) !== undefined;
      insert.run(
        this.#next(),
        queue,
        isBlocked ? BLOCKED : WAITING,
        now + delayMs,
        0,
        key ?? null,
        id ?? null,
        body,
        now,
      );
    }
    return { ok: { duplicate: false } satisfies Results["send"] };
  }

  claim({ queue, holder, most, leaseMs, mostAttempts }: Claim, now: number): Outcome {
    const { due, claim } = this.#statements;
    const messages: Message[] = [];
    // Those whose lease has ended come first: they have waited longest. Dead ones may take places; so it looks on.
    for (const state of [CLAIMED, WAITING]) {
      while (messages.length < most) {
        const wanted = most - messages.length;
        const rows = due.all(queue, state, now, wanted);
        for (const row of rows) {
          if (row.attempt >= mostAttempts) {
            this.#die(
              row,
              queue,
              now,
              `It was claimed ${row.attempt} times and never finished: its replica died or hung.`,
            );
            continue;
          }
          claim.run(CLAIMED, now + leaseMs, row.attempt + 1, holder, row.id);
          messages.push({ ...toMessage(row), attempt: row.attempt + 1 });
        }
        if (rows.length < wanted) break;
      }
    }
    return { ok: { messages } satisfies Results["claim"] };
  }

  extend(claimed: Extend, now: number): Outcome {
    if (this.#held(claimed, now) === undefined) return late(claimed);
    this.#statements.setDue.run(now + claimed.leaseMs, claimed.message);
    return { ok: {} };
  }

  finish(claimed: Finish, now: number): Outcome {
    const row = this.#held(claimed, now);
    if (row === undefined) return late(claimed);
    this.#statements.remove.run(claimed.message);
    this.#unblock(claimed.queue, row.key);
    return { ok: {} };
  }

  fail(claimed: Fail, now: number): Outcome {
    const row = this.#held(claimed, now);
    if (row === undefined) return late(claimed);
    if (claimed.retryInMs === undefined) this.#die(row, claimed.queue, now, claimed.reason);
    else
      this.#statements.putBack.run(WAITING, now + claimed.retryInMs, claimed.attempt, claimed.reason, claimed.message);
    return { ok: {} };
  }

  giveBack(claimed: GiveBack, now: number): Outcome {
    const row = this.#held(claimed, now);
    if (row === undefined) return late(claimed);
    this.#statements.putBack.run(WAITING, now, claimed.attempt - 1, null, claimed.message);
    return { ok: {} };
  }

  /** Dead letters wait again, from their first attempt, or are removed. */
  deadLetters({ queue, action, message }: DeadLetters, now: number): Outcome {
    const { dead, hasKey, putBack, remove } = this.#statements;
    const rows = dead.all(queue).filter(({ id }) => message === undefined || id === message);
    if (message !== undefined && rows.length === 0) {
      return { refused: { code: "NOT_FOUND", message: `Queue "${queue}" has no dead letter ${message}.` } };
    }
    for (const { id, key } of rows) {
      if (action === "drop") remove.run(id);
      else putBack.run(key !== null && hasKey.get(queue, key) !== undefined ? BLOCKED : WAITING, now, 0, null, id);
    }
    return { ok: { count: rows.length } satisfies Results["dead-letters"] };
  }

  /** Forgets ids and dead letters whose time is over; returns how many. */
  sweep(now: number, deadLetterMs: number, most: number): number {
    const { forgetIds, forgetDead } = this.#statements;
    return Number(forgetIds.run(now - ID_MS, most).changes) + Number(forgetDead.run(now - deadLetterMs, most).changes);
  }

  #held({ queue, message, attempt }: ClaimedMessage, now: number): MessageRow | undefined {
    return this.#statements.held.get(message, queue, CLAIMED, attempt, now);
  }

  #die({ id, key }: MessageRow, queue: string, now: number, reason: string): void {
    this.#statements.die.run(DEAD, now, reason, id);
    this.#unblock(queue, key);
  }

  #unblock(queue: string, key: string | null): void {
    if (key !== null) this.#statements.unblock.run(WAITING, queue, key, BLOCKED);
  }
}

function prepare(database: DatabaseSync) {
  const row = "id, attempt, body, key, given_id, sent";
  return {
    // No further than the limit: a count of a long queue reads all of it.
    length: select<{ readonly count: number }>(
      database,
      `select count(*) as count from (select 1 from message where queue = ? and state < ${DEAD} limit ?)`,
    ),
    findId: select<object>(database, "select 1 from sent_id where queue = ? and id = ? and at > ?"),
    putId: database.prepare(
      "insert into sent_id (queue, id, at) values (?, ?, ?) on conflict do update set at = excluded.at",
    ),
    hasKey: select<object>(database, `select 1 from message where queue = ? and key = ? and state < ${DEAD} limit 1`),
    insert: database.prepare(
      `insert into message (id, queue, state, due, attempt, key, given_id, body, sent) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    due: select<MessageRow>(
      database,
      `select ${row} from message where queue = ? and state = ? and due <= ? order by due, id limit ?`,
    ),
    claim: database.prepare("update message set state = ?, due = ?, attempt = ?, holder = ? where id = ?"),
    held: select<MessageRow>(
      database,
      `select ${row} from message where id = ? and queue = ? and state = ? and attempt = ? and due > ?`,
    ),
    setDue: database.prepare("update message set due = ? where id = ?"),
    remove: database.prepare("delete from message where id = ?"),
    putBack: database.prepare(
      "update message set state = ?, due = ?, attempt = ?, reason = ?, holder = null where id = ?",
    ),
    die: database.prepare("update message set state = ?, due = ?, reason = ?, holder = null where id = ?"),
    unblock: database.prepare(
      `update message set state = ? where id = (select min(id) from message where queue = ? and key = ? and state = ?)`,
    ),
    dead: select<MessageRow>(database, `select ${row} from message where queue = ? and state = ${DEAD} order by id`),
    forgetIds: database.prepare(
      "delete from sent_id where (queue, id) in (select queue, id from sent_id where at <= ? limit ?)",
    ),
    forgetDead: database.prepare(
      `delete from message where id in (select id from message where state = ${DEAD} and due <= ? limit ?)`,
    ),
  };
}

function overloaded(queue: string, maxLength: number): Outcome {
  const message = `Queue "${queue}" holds ${maxLength} messages, its limit: send again when some are done, or raise maxLength.`;
  return { refused: { code: "OVERLOADED", message } };
}

function late({ queue, message, attempt }: ClaimedMessage): Outcome {
  const text = `Message ${message} of queue "${queue}" is not on loan to attempt ${attempt} any more: its lease has ended.`;
  return { refused: { code: "ABORTED", message: text } };
}

/** Reads what queues hold, of what is committed. */
export class QueueReader {
  readonly #counts;
  readonly #next;
  readonly #dead;

  constructor(database: DatabaseSync) {
    this.#counts = select<{ readonly state: number; readonly count: number }>(
      database,
      "select state, count(*) as count from message where queue = ? group by state",
    );
    this.#next = select<{ readonly due: number | null }>(
      database,
      `select min(due) as due from message where queue = ? and state = ?`,
    );
    this.#dead = select<MessageRow & { readonly reason: string; readonly due: number }>(
      database,
      `select id, attempt, body, key, given_id, sent, reason, due from message
       where queue = ? and state = ${DEAD} and id > ? order by id limit ?`,
    );
  }

  state(queue: string, now: number): QueueState {
    const rows = this.#counts.all(queue);
    const of = (...states: number[]) =>
      rows.reduce((sum, { state, count }) => sum + (states.includes(state) ? count : 0), 0);
    return {
      waiting: of(WAITING, BLOCKED),
      working: of(CLAIMED),
      dead: of(DEAD),
      nextInMs: this.nextInMs(queue, now),
    };
  }

  /** How long until a message can be claimed; 0: now. */
  nextInMs(queue: string, now: number): number | undefined {
    const dues = [WAITING, CLAIMED].flatMap((state) => {
      return this.#next.get(queue, state)?.due ?? [];
    });
    return dues.length === 0 ? undefined : Math.max(0, Math.min(...dues) - now);
  }

  dead({ queue, after, most }: Extract<Query, { kind: "dead" }>): Answers["dead"] {
    const rows = this.#dead.all(queue, after, most);
    return rows.map((row): DeadLetter => ({ ...toMessage(row), reason: row.reason, diedAt: row.due }));
  }
}
