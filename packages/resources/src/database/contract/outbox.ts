import type { ClientBase } from "pg";
import type { Sql } from "./sql.ts";

/** A message that a transaction sends: it waits in its database until the store has it. */
export interface OutboxMessage {
  readonly queues: readonly string[];
  readonly body: Uint8Array;
  readonly id: string | undefined;
  readonly key: string | undefined;
  readonly delayMs: number;
}

/** The same, as it waits. */
export interface OutboxRow extends OutboxMessage {
  /** No other row, of whatever database, has or had it. */
  readonly name: string;
}

/** Numbers say the order; they begin anew in a database that is made anew, and so name nothing. */
export const OUTBOX_TABLE = `
create table if not exists hadron.outbox (
  name uuid primary key default gen_random_uuid(), number bigint generated always as identity unique,
  queues text[] not null, body bytea not null, id text, key text, delay_ms double precision not null,
  at timestamptz not null default now()
);`;

export async function putIntoOutbox(sql: Sql, { queues, body, id, key, delayMs }: OutboxMessage): Promise<void> {
  await sql`insert into hadron.outbox (queues, body, id, key, delay_ms)
    values (${queues}, ${Buffer.from(body)}, ${id ?? null}, ${key ?? null}, ${delayMs})`;
}

/** Of those that are committed the first, in the order in which they were sent. */
export async function readOutbox(client: ClientBase, most: number): Promise<readonly OutboxRow[]> {
  const { rows } = await client.query<{
    name: string;
    queues: string[];
    body: Buffer;
    id: string | null;
    key: string | null;
    delay_ms: number;
  }>("select name, queues, body, id, key, delay_ms from hadron.outbox order by number limit $1", [most]);
  return rows.map(({ id, key, delay_ms: delayMs, ...rest }) => ({
    ...rest,
    id: id ?? undefined,
    key: key ?? undefined,
    delayMs,
  }));
}

/** Those alone: what was committed meanwhile, and has a smaller number, stays. */
export async function removeFromOutbox(client: ClientBase, names: readonly string[]): Promise<void> {
  await client.query("delete from hadron.outbox where name = any($1::uuid[])", [names]);
}

/** What waits for one queue in an outbox. */
export interface OutboxBacklog {
  readonly queue: string;
  readonly waiting: number;
}

export async function countOutbox(client: ClientBase): Promise<readonly OutboxBacklog[]> {
  const { rows } = await client.query<OutboxBacklog>(
    "select queue, count(*)::int as waiting from hadron.outbox, unnest(queues) queue group by queue",
  );
  return rows;
}
