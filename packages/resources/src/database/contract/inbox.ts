import type { WorkKey } from "@hadron/core/spi";
import type { Sql } from "./sql.ts";

/** Work whose effects are kept. A row goes when its work cannot come again. */
export const INBOX_TABLE = `
create table if not exists hadron.inbox (
  number bigint, at bigint, source text not null, kept timestamptz not null default now(), primary key (number, at)
);`;

/**
 * Takes work as done, within the transaction that has its effects; false: it was done before. Where another transaction is about to
 * do it, waits for its end. Between its statements the transaction may rest so long: if its process hangs, the server ends it.
 */
export async function putIntoInbox(sql: Sql, { source, number, at }: WorkKey, restMs: number): Promise<boolean> {
  const rest = Math.min(Math.ceil(restMs), 2 ** 31 - 1).toString();
  const { count } = await sql`insert into hadron.inbox (number, at, source)
    select ${number}::bigint, ${at}::bigint, ${source}
    from set_config('idle_in_transaction_session_timeout', ${rest}, true)
    on conflict do nothing`;
  return count === 1;
}

/** What is kept of a source, in the order of its numbers, from behind one. */
export async function readInbox(
  sql: Sql,
  source: string,
  { after, most }: { readonly after: number; readonly most: number },
): Promise<readonly WorkKey[]> {
  const rows = await sql<{ number: string; at: string }>`select number, at from hadron.inbox
    where source = ${source} and number > ${after} order by number limit ${most}`;
  return rows.map(({ number, at }) => ({ source, number: Number(number), at: Number(at) }));
}

export async function removeFromInbox(sql: Sql, keys: readonly WorkKey[]): Promise<void> {
  await sql`delete from hadron.inbox where (number, at) in
    (select * from unnest(${keys.map(({ number }) => number)}::bigint[], ${keys.map(({ at }) => at)}::bigint[]))`;
}
