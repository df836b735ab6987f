import { join } from "node:path";
import { createSystemClock } from "@hadron/core/spi";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  claim,
  describeRunLives,
  describeRunLog,
  describeStore,
  send,
  set,
  TestClient,
  TestTime,
} from "../../src/store/contract/suite/index.ts";
import { PostgresDriver, SqliteDriver, toTimeSource } from "../../src/store/index.ts";
import { STEPS } from "../../src/store/postgres/schema.ts";
import { TestPostgres } from "./test-postgres.ts";

const postgres = new TestPostgres();
beforeAll(() => postgres.start(), 30_000);
afterAll(() => postgres.stop());

for (const describe of [describeStore, describeRunLog, describeRunLives]) {
  describe("postgres", async (time) => {
    const driver = await PostgresDriver.open({ connect: await postgres.database(), time, clock: "own" });
    return { driver, [Symbol.asyncDispose]: () => driver.close() };
  });
}

test("two who serve one database see at once what either did, and each batch is done once", async () => {
  const connect = await postgres.database();
  const time = new TestTime();
  const [one, two] = await Promise.all([1, 2].map(() => PostgresDriver.open({ connect, time, clock: "own" })));
  const batch = { client: "c", number: 1, settled: 1, operations: [send("q", "once"), set("s", "k", "v")] };
  const [first, second] = await Promise.all([one!.commit([batch]), two!.commit([batch])]);
  expect(second).toEqual(first);
  expect(await two!.read({ kind: "queue", queue: "q" })).toMatchObject({ waiting: 1 });
  const clients = [one, two].map((driver, index) => new TestClient(driver!, `client ${index}`));
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, index) => clients[index % 2]!.do(set("s", "counted", "v"))),
  );
  const versions = all.map(({ versions: [version] }) => version);
  expect(new Set(versions).size).toBe(100);
  const [entry] = await one!.read({ kind: "get", store: "s", keys: ["counted"] });
  expect(entry?.version).toBe(Math.max(...versions.map(Number)));
  const claimed = await Promise.all(clients.map((client) => client.do(claim("q"))));
  expect(claimed.flatMap(({ messages }) => messages)).toHaveLength(1);
  await Promise.all([one!.close(), two!.close()]);
});

test("a store whose server is killed answers when it is there again, and each batch is done once", async () => {
  const connect = await postgres.database();
  const driver = await PostgresDriver.open({ connect, time: toTimeSource(createSystemClock()) });
  const client = new TestClient(driver);
  const versions: number[] = [];
  const writing = (async () => {
    for (let count = 1; count <= 300; count++) {
      versions.push(...(await client.do(set("s", "k", String(count)))).versions);
      await client.do(send("q", String(count)));
    }
  })();
  while (versions.length < 50) await new Promise((resolve) => setTimeout(resolve, 5));
  await postgres.kill();
  await postgres.start();
  await writing;
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
  expect(await driver.read({ kind: "queue", queue: "q" })).toMatchObject({ waiting: 300 });
  await driver.close();
}, 120_000);

test("text with U+0000, U+0001 and half a surrogate pair is kept as text can be, in order", async () => {
  const driver = await PostgresDriver.open({ connect: await postgres.database(), time: new TestTime(), clock: "own" });
  const client = new TestClient(driver);
  await client.do(send("q", "m", { key: "a\0b", id: "\x01\x02" }));
  const { messages } = await client.do(claim("q"));
  expect(messages).toMatchObject([{ key: "a\0b", id: "\x01\x02" }]);
  const reason = "bad \0 \ud800 and \x01";
  const message = messages[0]!.message;
  await client.do({ kind: "fail", queue: "q", message, attempt: 1, retryInMs: undefined, reason });
  const dead = await driver.read({ kind: "dead", queue: "q", after: 0, most: 1 });
  expect(dead).toMatchObject([{ reason: "bad \0 \ufffd and \x01", key: "a\0b" }]);
  for (const key of ["a\x02", "a\x01\x02", "a\x01", "a\\u0001", "a"]) await client.do(set("s", key, "v"));
  const list = await driver.read({ kind: "list", store: "s", prefix: "a", after: "a", most: 10 });
  expect(list.map(({ key }) => key)).toEqual(["a\x01", "a\x01\x02", "a\x02", "a\\u0001"]);
  await driver.close();
});

test.each(STEPS.slice(1).map((_, index) => index + 1))(
  "data of version %i in a database is brought up to date: runs go on where they were, and values stay",
  async (version) => {
    const connect = await postgres.database();
    const old = await connect();
    await old.query("create schema hadron; create table hadron.store_version (version int not null)");
    for (const step of STEPS.slice(0, version)) await old.query(step);
    await old.query(`
      insert into hadron.store_version values (${version});
      insert into hadron.entry (store, key, value, version) values ('s', 'k', 'v', 7);
      insert into hadron.run (number, program, id, epoch, wake, state, started, ended) values
        (nextval('hadron.sequence'), 'p', 'begun', 1, 0, 'open', 0, null), (nextval('hadron.sequence'), 'p', 'fresh', 0, 0, 'open', 0, null),
        (nextval('hadron.sequence'), 'p', 'over', 1, null, 'ended', 0, 0);
      insert into hadron.run_event (run, n, type, at, body) select number, 0, 'started', 1, '' from hadron.run;
      insert into hadron.run_message (number, run, body, at) select nextval('hadron.sequence'), number, 'm', 1 from hadron.run
        where id = 'begun'`);
    if (version > 1) await old.query("update hadron.run set slot = 's' where id <> 'over'");
    const driver = await PostgresDriver.open({ connect, time: new TestTime(), clock: "own" });
    const client = new TestClient(driver);
    expect(await driver.read({ kind: "get", store: "s", keys: ["k"] })).toMatchObject([{ version: 7 }]);
    const ask = { kind: "claim-runs", program: "p", holder: "h", most: 10, leaseMs: 4000, after: 0 } as const;
    const { runs } = await client.do({ ...ask, known: undefined, limit: 1, first: { keepMs: 1000 } });
    // A run that had begun has its place, where there is a limit.
    expect(runs.map(({ id, length, messages }) => [id, length, messages.length])).toEqual(
      version > 1
        ? [["begun", 1, 1]]
        : [
            ["begun", 1, 1],
            ["fresh", 1, 0],
          ],
    );
    const { run, epoch } = runs[0]!;
    const next = { state: "ended", tell: undefined } as const;
    await client.do({ kind: "append-run", program: "p", run, epoch, length: 1, events: [], taken: [], next });
    await client.do({ kind: "sweep", deadLetterMs: 1 });
    expect(await driver.read({ kind: "run", program: "p", id: "over" })).toBeUndefined();
    const { rows } = await old.query("select version from hadron.store_version");
    expect(rows).toEqual([{ version: STEPS.length }]);
    await Promise.all([driver.close(), old.end()]);
  },
);

test("data of a newer version in a database is refused, and left as it is", async () => {
  const connect = await postgres.database();
  const time = new TestTime();
  await (await PostgresDriver.open({ connect, time })).close();
  const client = await connect();
  await client.query("update hadron.store_version set version = version + 1");
  await expect(PostgresDriver.open({ connect, time })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringMatching(/newer version of Hadron.*unharmed/),
  });
  await client.end();
});

test("a backup of either driver is taken by the other, whole, and numbers go on behind it", async () => {
  const time = new TestTime();
  const open = async () => PostgresDriver.open({ connect: await postgres.database(), time, clock: "own" });
  const first = await open();
  const client = new TestClient(first);
  const entries = Array.from({ length: 1200 }, (_, n) => ({
    key: `k${n}`,
    value: new Uint8Array([n % 256]),
    ifVersion: 0,
  }));
  await client.do({ kind: "set", store: "s", entries, ttlMs: undefined, fence: undefined });
  await client.do(send("q", "\0", { key: "a\0b", id: "once" }));
  const event = { type: "began", command: undefined, at: 1.5, body: new Uint8Array([0, 1]) };
  await client.do({ kind: "start-run", program: "p", id: "r", event });
  const { versions } = await client.do(set("s", "last", "v"));
  const file = join(postgres.folder, "one.db");
  await first.backup(file);
  const sqlite = await SqliteDriver.open({ folder: join(postgres.folder, "sqlite"), time });
  await sqlite.restore(file);
  const again = join(postgres.folder, "two.db");
  await sqlite.backup(again);
  const second = await open();
  await second.restore(again);
  await expect(second.restore(again)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  for (const driver of [sqlite, second]) {
    const other = new TestClient(driver, "other");
    expect(await driver.read({ kind: "list", store: "s", prefix: "", after: undefined, most: 9999 })).toHaveLength(
      1201,
    );
    expect(await other.do(send("q", "m", { id: "once" }))).toEqual({ duplicate: true });
    expect((await other.do(claim("q"))).messages).toMatchObject([{ key: "a\0b", body: new Uint8Array([0]) }]);
    const run = await driver.read({ kind: "run", program: "p", id: "r" });
    expect(await driver.read({ kind: "run-events", run: run!.run, from: 0, most: 9 })).toEqual([event]);
    expect((await other.do(set("s", "k", "v"))).versions[0]).toBeGreaterThan(versions[0]!);
  }
  await Promise.all([first, second, sqlite].map((driver) => driver.close()));
});
