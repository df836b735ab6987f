import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { database, isSqlError } from "@hadron/resources";
import type { PoolClient } from "pg";
import { afterAll, beforeAll, expect, expectTypeOf, test } from "vitest";

const orders = database("orders", {
  migrations: {
    "0001_line":
      "create table line (id int generated always as identity primary key, sku text unique, amount int default 1)",
    "0002_more": "create table other (n bigint, j jsonb, b bytea, t timestamptz)",
  },
  slowMs: 200,
});
const lines: string[] = [];
const shop = service(
  "shop",
  {
    add: async (sku: string) => (await orders.insert<{ id: number; sku: string; amount: number }>("line", { sku }))[0],
    sleep: async (seconds: number) => (await orders.sql`select pg_sleep(${seconds}), ${"secret-value"} as said`).count,
    busy: async () =>
      (
        await orders.sql<{
          n: number;
        }>`select count(*)::int as n from pg_stat_activity where state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`
      )[0]?.n,
  },
  { uses: [orders] },
);

let app: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  app = await start(shop, { log: (line) => lines.push(line) });
}, 30_000);
afterAll(() => app.close());

/** Connections whose last statement is like that; only who entered sees it, not the owner. */
const connected = (like: string) =>
  orders.transaction(async (tx) => {
    await tx.sql`set local role none`;
    return (await tx.sql`select from pg_stat_activity where query like ${like} and pid <> pg_backend_pid()`).count;
  });

/** Those of them that are at it. */
const active = (like: string) =>
  orders.transaction(async (tx) => {
    await tx.sql`set local role none`;
    return (
      await tx.sql`select from pg_stat_activity where query like ${like} and state = 'active' and pid <> pg_backend_pid()`
    ).count;
  });

test("values are parameters, names are quoted, parts are composed", async () => {
  const evil = `'; drop table line; --`;
  await orders.insert("line", { sku: evil });
  const part = orders.sql`sku = ${evil}`;
  const rows = await orders.sql<{
    sku: string;
  }>`select ${orders.sql.id("sku")} from ${orders.sql.id("public", "line")} where ${part} and amount = ${1}`;
  expect([...rows]).toEqual([{ sku: evil }]);
  expect(rows.count).toBe(1);
  expect(orders.sql`select ${orders.sql.id('a"b')} where ${part}`.toStatement()).toEqual({
    text: `select "a""b" where sku = $1`,
    values: [evil],
  });
  await expect(orders.sql`select ${undefined}`).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

test("rows are typed, and hold what the table adds", async () => {
  const rows = await orders.insert<{ sku: string; amount: number }>("line", [{ sku: "a" }, { sku: "b", amount: 7 }]);
  expect(rows.map(({ sku, amount }) => [sku, amount])).toEqual([
    ["a", 1],
    ["b", 7],
  ]);
  expectTypeOf(rows[0]).toEqualTypeOf<{ sku: string; amount: number } | undefined>();
  expect((await orders.insert("line", [])).count).toBe(0);
  expect((await orders.insert("line", {})).count).toBe(1);
});

test("values of all kinds come back as they went", async () => {
  const given = { n: 9_007_199_254_740_993n, j: { a: [1, null] }, b: Buffer.from([0, 255]), t: new Date(0) };
  const [row] = await orders.insert("other", given);
  expect(row).toEqual({ ...given, n: "9007199254740993" });
});

test("an error keeps its SQLSTATE, and crosses the wire with a code that says what it means", async () => {
  await shop.add("twice");
  const error = await orders.insert("line", { sku: "twice" }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(isSqlError(error)).toBe(true);
  expect(error).toMatchObject({ code: "ALREADY_EXISTS", sqlState: "23505", constraint: "line_sku_key", table: "line" });
  expect((error as Error).message).not.toContain("twice");
  await expect(shop.add("twice")).rejects.toMatchObject({
    code: "ALREADY_EXISTS",
    message: expect.stringContaining("23505"),
  });
  await expect(orders.sql`selec`).rejects.toMatchObject({ sqlState: "42601" });
});

test("a slow statement is logged with its text and without its values", async () => {
  await shop.sleep(0.25);
  const line = lines.map((text) => JSON.parse(text)).find(({ event }) => event === "slow-query");
  expect(line).toMatchObject({ database: "orders", replica: "shop.0", sql: "select pg_sleep($1), $2 as said" });
  expect(line.ms).toBeGreaterThanOrEqual(200);
  expect(lines.join("")).not.toContain("secret-value");
});

test("a statement ends on the server when the call's time is over, and its connection serves on", async () => {
  const asked = shop.with({ timeoutMs: 1000 }).sleep(20);
  asked.catch(() => {});
  await expect.poll(() => active("select pg_sleep%"), { timeout: 900 }).toBe(1);
  await expect(asked).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  await expect.poll(() => active("select pg_sleep%"), { timeout: 5000 }).toBe(0);
  expect(await shop.sleep(0)).toBe(1);
});

test("a transaction is kept whole or not at all; a savepoint is undone alone", async () => {
  const skus = async () =>
    (await orders.sql`select sku from line where sku like 'tx%' order by sku`).map(({ sku }) => sku);
  const failing = orders.transaction(async (tx) => {
    await tx.insert("line", { sku: "tx0" });
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await skus()).toEqual([]);
  await orders.transaction(async (tx) => {
    await tx.insert("line", { sku: "tx1" });
    await tx.savepoint((inner) => inner.insert("line", { sku: "tx1" })).catch(() => {});
    await tx.sql`insert into line (sku) values (${"tx2"})`;
  });
  expect(await skus()).toEqual(["tx1", "tx2"]);
  const caught = orders.transaction(async (tx) => {
    await tx.insert("line", { sku: "tx3" });
    await tx.insert("line", { sku: "tx3" }).catch(() => {});
  });
  await expect(caught).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("savepoint"),
  });
  expect(await skus()).toEqual(["tx1", "tx2"]);
});

test("a serialization failure is tried again where asked, and else told", async () => {
  await orders.insert("line", { sku: "count", amount: 0 });
  const add = (retries: number) =>
    orders.transaction(
      async (tx) => {
        const [row] = await tx.sql<{ amount: number }>`select amount from line where sku = 'count'`;
        await tx.sql`update line set amount = ${(row?.amount ?? 0) + 1} where sku = 'count'`;
      },
      { isolation: "serializable", retries },
    );
  await Promise.all(Array.from({ length: 8 }, () => add(50)));
  expect((await orders.sql`select amount from line where sku = 'count'`)[0]?.amount).toBe(8);
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => add(0)));
  const failed = results.filter((result) => result.status === "rejected");
  expect(failed.length).toBeGreaterThan(0);
  for (const { reason } of failed)
    expect(reason).toMatchObject({ code: "ABORTED", retryable: true, sqlState: "40001" });
});

test("what is said on a channel is heard", async () => {
  const heard: string[] = [];
  const listening = (async () => {
    for await (const word of orders.listen("news")) if (heard.push(word) === 2) return;
  })();
  await expect.poll(() => connected('listen "news"'), { timeout: 5000 }).toBe(1);
  await orders.sql`select pg_notify('news', 'one'), pg_notify('news', 'two')`;
  await listening;
  expect(heard).toEqual(["one", "two"]);
});

test("the pool is one that other libraries take", async () => {
  const client: PoolClient = await orders.pool.connect();
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  client.release();
  expect((await orders.pool.query("select $1::int as two", [2])).rows).toEqual([{ two: 2 }]);
});

test("who enters may do what the owner may, and nothing elsewhere", async () => {
  const [who] = await orders.sql`select session_user, current_user, current_database()`;
  expect(who).toEqual({ session_user: "orders.1", current_user: "orders", current_database: "orders" });
  await expect(orders.sql`create role other`).rejects.toMatchObject({ code: "PERMISSION_DENIED", sqlState: "42501" });
});

test("a server that is killed comes back with what was committed; its callers wait for it", async () => {
  await shop.add("kept");
  const startedAt = async () => (await orders.sql`select pg_postmaster_start_time()::text as at`)[0]?.at;
  const before = await startedAt();
  const server = app.replica("hadron.postgres");
  server.kill({ away: true });
  server.restart();
  // What was under way in the old one breaks; what is asked while there is none waits for the new one.
  await expect.poll(() => startedAt().catch(() => before), { timeout: 10_000 }).not.toBe(before);
  expect((await orders.sql`select from line where sku = 'kept'`).count).toBe(1);
});
