import type { DatabaseSync } from "node:sqlite";
import type { Acquire, Answers, Outcome, Release, Renew, Results } from "../../contract/operations.ts";
import { select } from "./select.ts";
import type { Next } from "./sequence.ts";

interface Row {
  readonly holder: string;
  readonly token: number;
  readonly due: number;
}

/** A lock on loan for so long at most is given before the disk has that: a power cut forgets no longer loan. */
export const MOST_QUICK_LEASE_MS = 16_000;
/** Who has what was given before a power cut. */
const UNKNOWN = "somebody from before the store's machine failed, perhaps";

/** Locks with leases, within a transaction of whoever calls. A token is larger than every earlier one, of any lock. */
export class Locks {
  readonly #next: Next;
  readonly #find;
  readonly #put;
  readonly #renew;
  readonly #release;
  readonly #held;
  /** Before, no lock is given: who had one is forgotten. */
  closedUntil = 0;

  constructor(database: DatabaseSync, next: Next) {
    this.#next = next;
    this.#find = findLock(database);
    this.#put = database.prepare(
      `insert into lock (name, holder, token, due) values (?, ?, ?, ?)
       on conflict do update set holder = excluded.holder, token = excluded.token, due = excluded.due`,
    );
    this.#renew = database.prepare("update lock set due = ? where name = ? and token = ? and due > ?");
    this.#release = database.prepare("delete from lock where name = ? and token = ?");
    this.#held = select<object>(database, "select 1 from lock where token = ? and due > ?");
  }

  acquire({ lock, holder, leaseMs }: Acquire, now: number): Outcome {
    if (now < this.closedUntil) {
      return { ok: { heldBy: UNKNOWN, forMs: this.closedUntil - now } satisfies Results["acquire"] };
    }
    const row = this.#find.get(lock);
    const isLive = row !== undefined && row.due > now;
    if (isLive && row.holder !== holder) {
      return { ok: { heldBy: row.holder, forMs: row.due - now } satisfies Results["acquire"] };
    }
    const token = isLive ? row.token : this.#next();
    this.#put.run(lock, holder, token, now + leaseMs);
    return { ok: { token } satisfies Results["acquire"] };
  }

  renew({ lock, token, leaseMs }: Renew, now: number): Outcome {
    if (Number(this.#renew.run(now + leaseMs, lock, token, now).changes) === 1) return { ok: {} };
    return lost(lock, token);
  }

  release({ lock, token }: Release): Outcome {
    if (Number(this.#release.run(lock, token).changes) === 1) return { ok: {} };
    return lost(lock, token);
  }

  /** Whether the lock that gave this token is held by its taker. */
  isHeld(token: number, now: number): boolean {
    return this.#held.get(token, now) !== undefined;
  }
}

function lost(lock: string, token: number): Outcome {
  const message = `The lock "${lock}" is not held under token ${token} any more: its lease has ended.`;
  return { refused: { code: "ABORTED", message } };
}

function findLock(database: DatabaseSync) {
  return select<Row>(database, "select holder, token, due from lock where name = ?");
}

/** Reads who holds a lock. */
export class LockReader {
  readonly #find;

  constructor(database: DatabaseSync) {
    this.#find = findLock(database);
  }

  get(lock: string, now: number): Answers["lock"] {
    const row = this.#find.get(lock);
    return row === undefined || row.due <= now
      ? undefined
      : { holder: row.holder, token: row.token, forMs: row.due - now };
  }
}
