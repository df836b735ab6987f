import type { Answers, Entry, Expiry, Query } from "../contract/operations.ts";
import { type RunRow, toMessage, toQueued, toRunFacts, type WaitingRow } from "../contract/rows.ts";
import { MOST_EVENT_BYTES } from "../contract/run-operations.ts";
import { fromText, toText } from "./text.ts";

/** Runs a statement, and gives its rows: numbers as numbers. */
export type ReadRows = <Row>(name: string, text: string, values: readonly unknown[]) => Promise<readonly Row[]>;

type Asked<K extends Query["kind"]> = Extract<Query, { kind: K }>;

/** Behind every key that begins as another: no key is longer. */
const LAST = "\u{10FFFF}".repeat(256);

/** Answers queries from what is committed. */
export class PostgresReader {
  readonly #rows: ReadRows;

  constructor(rows: ReadRows) {
    this.#rows = rows;
  }

  read<Q extends Query>(query: Q, now: number): Promise<Answers[Q["kind"]]>;
  async read(query: Query, now: number): Promise<Answers[Query["kind"]]> {
    switch (query.kind) {
      case "get":
        return (await this.getAll([query], now))[0] ?? [];
      case "list":
        return this.#list(query, now);
      case "ended":
        return this.#ended(query, now);
      case "queue":
        return this.#queue(query, now);
      case "dead":
        return this.#dead(query);
      case "messages":
        return this.#messages(query, now);
      case "contents":
        return this.#contents(now);
      case "lock":
        return this.#lock(query, now);
      case "run":
        return this.#run(query);
      case "runs":
        return this.#runs(query);
      case "run-events":
        return this.#events(query);
      case "time":
        return now;
    }
  }

  /** Answers many at once: one statement. */
  async getAll(queries: readonly Asked<"get">[], now: number): Promise<readonly Answers["get"][]> {
    const wanted = queries.flatMap(({ store, keys }) =>
      keys.map((key) => ({ store: toText(store), key: toText(key) })),
    );
    const rows = await this.#rows<{ place: number; value: Uint8Array; version: number }>(
      "get",
      `select place::int, value, version from unnest($1::text[], $2::text[]) with ordinality wanted(store, key, place)
       join hadron.entry using (store, key) where expires is null or expires > $3`,
      [wanted.map(({ store }) => store), wanted.map(({ key }) => key), now],
    );
    const found = new Map(rows.map((row) => [row.place, row]));
    let place = 0;
    return queries.map(({ keys }) =>
      keys.map((key): Entry | undefined => {
        const row = found.get(++place);
        return row === undefined ? undefined : { key, value: row.value, version: row.version };
      }),
    );
  }

  async #list({ store, prefix, after, most }: Asked<"list">, now: number): Promise<Answers["list"]> {
    if (most < 1) return [];
    const from = toText(prefix);
    const rows = await this.#rows<Entry>(
      "list",
      `select key, value, version from hadron.entry where store = $1 and key >= $2 and key <= $3 and key > $4
       and (expires is null or expires > $5) order by key limit $6`,
      [toText(store), from, from + LAST, toText(after ?? ""), now, most],
    );
    return rows.map((row) => ({ ...row, key: fromText(row.key) }));
  }

  async #ended({ from, aheadMs, most }: Asked<"ended">, now: number): Promise<Answers["ended"]> {
    const rows = await this.#rows<Expiry>(
      "ended",
      `select expires as at, store, key from hadron.entry
       where expires >= $1 and expires <= $2 and (expires, store, key) > ($1, $3, $4) order by expires, store, key limit $5`,
      [from.at, now + aheadMs, toText(from.store), toText(from.key), most],
    );
    const [next] = await this.#rows<{ at: number | null }>(
      "ends-next",
      "select min(expires) as at from hadron.entry where expires > $1",
      [now],
    );
    const ended = rows.map(({ at, store, key }) => ({ at, store: fromText(store), key: fromText(key) }));
    return { ended, now, nextInMs: next?.at == null ? undefined : next.at - now };
  }

  async #queue({ queue }: Asked<"queue">, now: number): Promise<Answers["queue"]> {
    const rows = await this.#rows<{ state: number; count: number; due: number }>(
      "queue",
      "select state, count(*) as count, min(due) as due from hadron.message where queue = $1 group by state",
      [toText(queue)],
    );
    const of = (...states: number[]) =>
      rows.reduce((sum, { state, count }) => sum + (states.includes(state) ? count : 0), 0);
    const dues = rows.filter(({ state }) => state === 0 || state === 2).map(({ due }) => due);
    const nextInMs = dues.length === 0 ? undefined : Math.max(0, Math.min(...dues) - now);
    return { waiting: of(0, 1), working: of(2), dead: of(3), nextInMs };
  }

  async #dead({ queue, after, most }: Asked<"dead">): Promise<Answers["dead"]> {
    const rows = await this.#rows<WaitingRow & { readonly reason: string | null }>(
      "dead",
      "select * from hadron.message where queue = $1 and state = 3 and id > $2 order by id limit $3",
      [toText(queue), after, most],
    );
    return rows.map((row) => ({ ...toMessage(row, fromText), reason: fromText(row.reason ?? ""), diedAt: row.due }));
  }

  async #messages({ queue, after, most }: Asked<"messages">, now: number): Promise<Answers["messages"]> {
    const rows = await this.#rows<WaitingRow>(
      "messages",
      "select * from hadron.message where queue = $1 and state < 3 and id > $2 order by id limit $3",
      [toText(queue), after, most],
    );
    return rows.map((row) => toQueued(row, now, fromText));
  }

  async #contents(now: number): Promise<Answers["contents"]> {
    const [stores, queues, runs] = await Promise.all([
      this.#rows<Answers["contents"]["stores"][number]>(
        "contents-stores",
        `select store as name, count(*) as entries, sum(octet_length(key) + octet_length(value))::bigint as bytes
         from hadron.entry where expires is null or expires > $1 group by store order by store`,
        [now],
      ),
      this.#rows<Answers["contents"]["queues"][number]>(
        "contents-queues",
        `select queue as name, count(*) filter (where state < 2) as waiting, count(*) filter (where state = 2) as working,
         count(*) filter (where state = 3) as dead, sum(octet_length(body))::bigint as bytes
         from hadron.message group by queue order by queue`,
        [],
      ),
      this.#rows<Answers["contents"]["runs"][number]>(
        "contents-runs",
        `select program as name, count(*) filter (where state = 'open') as open, count(*) filter (where state = 'paused') as paused,
         count(*) filter (where state = 'ended') as ended, coalesce(sum(size), 0)::bigint as bytes
         from hadron.run left join (select run as number, sum(octet_length(body)) as size from hadron.run_event group by run) sizes
         using (number) group by program order by program`,
        [],
      ),
    ]);
    return { stores, queues, runs };
  }

  async #lock({ lock }: Asked<"lock">, now: number): Promise<Answers["lock"]> {
    const [row] = await this.#rows<{ holder: string; token: number; due: number }>(
      "lock",
      "select holder, token, due from hadron.lock where name = $1 and due > $2",
      [toText(lock), now],
    );
    return row === undefined ? undefined : { holder: row.holder, token: row.token, forMs: row.due - now };
  }

  async #run({ program, id }: Asked<"run">): Promise<Answers["run"]> {
    const [row] = await this.#rows<RunRow>("run", "select * from hadron.run where program = $1 and id = $2", [
      toText(program),
      toText(id),
    ]);
    return row === undefined ? undefined : toRunFacts(row, fromText);
  }

  async #runs({ program, state, before, most }: Asked<"runs">): Promise<Answers["runs"]> {
    const rows = await this.#rows<RunRow>(
      "runs",
      `select * from hadron.run where program || '' = $1 and ($2::text is null or state = $2) and number < $3
       order by number desc limit $4`,
      [toText(program), state ?? null, before ?? Number.MAX_SAFE_INTEGER, most],
    );
    return rows.map((row) => toRunFacts(row, fromText));
  }

  async #events({ run, from, most }: Asked<"run-events">): Promise<Answers["run-events"]> {
    const rows = await this.#rows<{ type: string; command: number | null; at: number; body: Uint8Array }>(
      "run-events",
      `select type, command, at, body from (
         select *, sum(octet_length(body)) over (order by n) as bytes from hadron.run_event
           where run = $1 and n >= $2 order by n limit $3
       ) page where bytes <= $4 or n = $2 order by n`,
      [run, from, most, MOST_EVENT_BYTES],
    );
    return rows.map(({ type, command, at, body }) => ({ type, command: command ?? undefined, at, body }));
  }
}
