import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@hadron/core/spi";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EmbeddedServer } from "../../src/database/embedded/server.ts";
import { givenServer } from "../../src/database/keeper/given-server.ts";
import { DatabaseKeeper } from "../../src/database/keeper/keeper.ts";
import { readMigrations } from "../../src/database/migrations/declared.ts";

const folder = mkdtempSync(join(tmpdir(), "hadron-given-"));
let server: EmbeddedServer;
beforeAll(async () => {
  server = await EmbeddedServer.start({ folder: join(folder, "data"), warn: () => {} });
  const client = new pg.Client({ host: server.host, port: server.port, user: "postgres" });
  await client.connect();
  await client.query("create role maker login createdb; create role guest login");
  await client.end();
}, 30_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const urlOf = (user: string) =>
  `postgresql://${user}:p%40ss@localhost/postgres?host=${encodeURIComponent(server.host)}`;
const log = { debug() {}, info() {}, warn() {}, error() {} };

function keeperOf(app: string, user: string, deployment = { id: "d1", adopt: false }) {
  return new DatabaseKeeper({
    server: givenServer(app, "DATABASE_URL", urlOf(user), deployment),
    clock: createSystemClock(),
    log,
    signal: new AbortController().signal,
  });
}
const migrations = readMigrations("x", { "0001_a": "create table a (n int)" });
const keeps = [{ kind: "database", name: "orders", options: {}, keeping: migrations }];

test("two apps have a database each on one server, entered as its URL says", async () => {
  const [one, two] = [keeperOf("one", "maker"), keeperOf("two", "maker")];
  await Promise.all([one.prepare(keeps), two.prepare(keeps)]);
  const facts = await one.facts({ name: "orders", migrations }, new AbortController().signal);
  expect(facts).toMatchObject({
    user: "maker",
    password: "p@ss",
    database: "one.orders",
    server: { host: server.host, port: 5432, tls: "off" },
    maxConnections: 100,
  });
  expect((await two.facts({ name: "orders", migrations }, new AbortController().signal)).database).toBe("two.orders");
});

test("a database of another deployment of an app of the same name is refused, and unharmed, until it is adopted", async () => {
  const facts = { name: "orders", migrations };
  const { signal } = new AbortController();
  await keeperOf("four", "maker").prepare(keeps);
  const other = { id: "d2", adopt: false };
  const refused = {
    code: "FAILED_PRECONDITION",
    message: expect.stringMatching(
      /^The database "four.orders" belongs to another deployment.*\(d1; this one is d2\).*--adopt/,
    ),
  };
  await expect(keeperOf("four", "maker", other).prepare(keeps)).rejects.toMatchObject(refused);
  await keeperOf("four", "maker").prepare(keeps);
  const adopted = keeperOf("four", "maker", { ...other, adopt: true });
  await adopted.prepare(keeps);
  expect(await adopted.facts(facts, signal)).toMatchObject({ database: "four.orders" });
  await keeperOf("four", "maker", other).prepare(keeps);
  await expect(keeperOf("four", "maker").prepare(keeps)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
});

test("of two deployments that claim one database at once, one has it", async () => {
  const claims = [1, 2, 3, 4].map((n) => keeperOf("five", "maker", { id: `d${n}`, adopt: false }).prepare(keeps));
  const ends = await Promise.allSettled(claims);
  expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("who may not make a database is told which one is wanted", async () => {
  await expect(keeperOf("three", "guest").prepare(keeps)).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringMatching(/42501.*make the database "three.orders", owned by guest/s),
  });
});

test("who declares more than there is waits, and is told what is missing when its time is over", async () => {
  const keeper = keeperOf("one", "maker");
  await keeper.prepare(keeps);
  const more = readMigrations("x", { "0001_a": "create table a (n int)", "0002_b": "create table b (n int)" });
  const asked = keeper.facts({ name: "orders", migrations: more }, AbortSignal.timeout(300));
  await expect(asked).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("0002_b") });
  const waiting = keeper.facts({ name: "orders", migrations: more }, new AbortController().signal);
  await keeperOf("one", "maker").prepare([{ kind: "database", name: "orders", options: {}, keeping: more }]);
  expect(await waiting).toMatchObject({ database: "one.orders" });
});

test("what is no URL of PostgreSQL, and a mode that is not known, are refused without showing it", () => {
  for (const text of ["", "mysql://a:secret@b/c", "postgres://a:secret@b/c?sslmode=prefer"]) {
    const refused = () => givenServer("app", "DATABASE_URL", text, { id: "d1", adopt: false });
    expect(refused).toThrow(
      expect.objectContaining({ code: "FAILED_PRECONDITION", message: expect.stringContaining("DATABASE_URL") }),
    );
    expect(refused).not.toThrow("secret");
  }
});
