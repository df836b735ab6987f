import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@hadron/core/spi";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EmbeddedServer } from "../../src/database/embedded/server.ts";
import { givenServer } from "../../src/database/keeper/given-server.ts";
import { DatabaseHoldings } from "../../src/database/keeper/holdings.ts";
import { DatabaseKeeper } from "../../src/database/keeper/keeper.ts";
import { ownServer } from "../../src/database/keeper/own-server.ts";
import { readMigrations } from "../../src/database/migrations/declared.ts";

// Two servers: what is copied from one goes into the other.
const folder = mkdtempSync(join(tmpdir(), "hadron-copy-"));
let servers: readonly [EmbeddedServer, EmbeddedServer];
beforeAll(async () => {
  const start = (name: string) => EmbeddedServer.start({ folder: join(folder, name), warn: () => {} });
  servers = [await start("a"), await start("b")];
  const client = new pg.Client({ host: servers[1].host, port: servers[1].port, user: "postgres" });
  await client.connect();
  await client.query("create role maker login createdb");
  await client.end();
}, 40_000);
afterAll(async () => {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true });
});

const SCHEMA = {
  "0001_shop": `
    create table customer (id int generated always as identity primary key, name text not null, boss int references customer);
    create table account (owner int references customer, cents bigint not null, "odd ""name" text, twice bigint generated always as (cents * 2) stored);
    create table audit (n bigserial, what text);
    create function told() returns trigger language plpgsql as $$ begin insert into audit (what) values (new.name); return new; end $$;
    create trigger told after insert on customer for each row execute function told();
    insert into customer (name) values ('from the migration');
    create table reading (day date not null, value jsonb, raw bytea) partition by range (day);
    create table reading_2026 partition of reading for values from ('2026-01-01') to ('2027-01-01');
    create materialized view total as select sum(cents) as cents from account;
    create sequence ticket start 100`,
  "0002_none": "create table nothing ()",
};
const migrations = readMigrations("x", SCHEMA);
const keepsOf = (...names: readonly string[]) =>
  names.map((name) => ({ kind: "database", name, options: { migrations: [] }, keeping: migrations }));
const log = { debug() {}, info() {}, warn() {}, error() {} };

async function deploy(kind: "own" | "given", app: string, keeps = keepsOf("orders", "stock")) {
  const server =
    kind === "own"
      ? ownServer(async () => ({ host: servers[0].host, port: servers[0].port }), "")
      : givenServer(
          app,
          "DATABASE_URL",
          `postgres://maker:x@localhost/postgres?host=${encodeURIComponent(servers[1].host)}`,
          {
            id: app,
            adopt: false,
          },
        );
  const { signal } = new AbortController();
  const keeper = new DatabaseKeeper({ server, clock: createSystemClock(), log, signal });
  await keeper.prepare(keeps);
  return { keeper, holdings: new DatabaseHoldings(keeper, keeps) };
}

async function ask(keeper: DatabaseKeeper, name: string, ...texts: readonly string[]) {
  const client = await keeper.enter(name);
  try {
    let rows: unknown[] = [];
    for (const text of texts) rows = (await client.query(text)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

const ALL = [
  "select id, name, boss from customer order by id",
  `select owner, cents::text, "odd ""name" as odd, twice::text from account order by cents`,
  "select n::text, what from audit order by n",
  "select day::text, value, raw from reading order by day",
  "select cents::text from total",
];
const everything = async (keeper: DatabaseKeeper, name: string) => {
  const seen = [];
  for (const text of ALL) seen.push(await ask(keeper, name, text));
  return seen;
};

async function* of(chunks: readonly Uint8Array[]) {
  yield* chunks;
}

test("a copy of databases goes into a new app on another server: rows, sequences and views are as they were, and no trigger fires", async () => {
  const { keeper, holdings } = await deploy("own", "shop");
  await ask(
    keeper,
    "orders",
    "insert into customer (name, boss) values ('Ann', 1), ('grüße\\t\n\\.', 2)",
    `insert into account values (2, 9007199254740993, null), (3, -1, '\\N')`,
    `insert into reading values ('2026-02-03', '{"a": [1, null, "𝄞"]}', '\\x00ff0a')`,
    "refresh materialized view total",
    "select nextval('ticket'), nextval('ticket')",
  );
  const before = await everything(keeper, "orders");
  const copy = await Array.fromAsync(holdings.backup());
  const other = await deploy("given", "other");
  await other.holdings.restore(of(copy));
  expect(await everything(other.keeper, "orders")).toEqual(before);
  expect(await ask(other.keeper, "orders", "select nextval('ticket')::int as ticket")).toEqual([{ ticket: 102 }]);
  expect(await ask(other.keeper, "stock", "select nextval('ticket')::int as ticket")).toEqual([{ ticket: 100 }]);
  // The next of each goes on behind the last, and triggers fire again.
  await ask(other.keeper, "orders", "insert into customer (name) values ('Bob')");
  expect(await ask(other.keeper, "orders", "select id from customer where name = 'Bob'")).toEqual([{ id: 4 }]);
  expect(await ask(other.keeper, "orders", "select what from audit order by n desc limit 1")).toEqual([
    { what: "Bob" },
  ]);
  const fresh = await deploy("given", "fresh");
  await fresh.holdings.restorable();
  await expect(other.holdings.restorable()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  const again = other.holdings.restore(of(copy));
  await expect(again).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("has rows already"),
  });
});

test("rows are of one moment, while others write", async () => {
  const { keeper, holdings } = await deploy("own", "shop", keepsOf("moving"));
  await ask(keeper, "moving", "insert into account (cents) select 100 from generate_series(1, 100)");
  let over = false;
  const moving = (async () => {
    while (!over) {
      await ask(keeper, "moving", "insert into account (cents) values (7)", "delete from account where cents = 7");
      await ask(keeper, "moving", "begin", "insert into account (cents) values (50), (-50)", "commit");
    }
  })();
  const copy = await Array.fromAsync(holdings.backup());
  over = true;
  await moving;
  const other = await deploy("given", "moved", keepsOf("moving"));
  await other.holdings.restore(of(copy));
  expect(await ask(other.keeper, "moving", "select sum(cents)::int % 50 as sum from account where cents <> 7")).toEqual(
    [{ sum: 0 }],
  );
});

test("a copy that ends early, or is of other migrations, changes no database", async () => {
  const { keeper, holdings } = await deploy("own", "shop", keepsOf("first", "second"));
  for (const name of ["first", "second"]) await ask(keeper, name, "insert into customer (name) values ('Ann')");
  const copy = await Array.fromAsync(holdings.backup());
  const other = await deploy("given", "empty", keepsOf("first", "second"));
  const count = () => ask(other.keeper, "first", "select count(*)::int as n from customer");
  await expect(other.holdings.restore(of(copy.slice(0, -3)))).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("ends in the middle"),
  });
  expect(await count()).toEqual([{ n: 1 }]);
  const more = readMigrations("x", { ...SCHEMA, "0003_more": "alter table customer add column age int" });
  const newer = await deploy(
    "given",
    "newer",
    keepsOf("first", "second").map((kept) => ({ ...kept, keeping: more })),
  );
  await expect(newer.holdings.restore(of(copy))).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("the migration 0003_more is in this app and not in the backup"),
  });
  await other.holdings.restore(of(copy));
  expect(await count()).toEqual([{ n: 2 }]);
});

test("what is kept has its size; a database is dropped once nothing declares it", async () => {
  const { holdings } = await deploy("given", "sized", keepsOf("old", "new"));
  const kept = await holdings.kept();
  expect(kept.declared.map(({ name }) => name)).toEqual(["old", "new"]);
  expect(kept.things.map(({ name, holds }) => [name, holds])).toEqual([
    ["new", "all tables"],
    ["old", "all tables"],
  ]);
  for (const { bytes } of kept.things) expect(bytes).toBeGreaterThan(1_000_000);
  await expect(holdings.drop({ kind: "database", name: "old" })).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  const next = await deploy("given", "sized", keepsOf("new"));
  expect(await next.holdings.drop({ kind: "database", name: "old" })).toEqual({ dropped: true });
  expect(await next.holdings.drop({ kind: "database", name: "old" })).toEqual({ dropped: false });
  expect((await next.holdings.kept()).things.map(({ name }) => name)).toEqual(["new"]);
});
