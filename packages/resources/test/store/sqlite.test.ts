import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
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
import { SqliteDriver } from "../../src/store/index.ts";
import { SCHEMA_VERSION } from "../../src/store/sqlite/schema.ts";

function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "hadron-store-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

for (const describe of [describeStore, describeRunLog, describeRunLives]) {
  describe("sqlite", async (time) => {
    const folder = temporaryFolder();
    const driver = await SqliteDriver.open({ folder: join(folder.path, "data"), time });
    return {
      driver,
      async [Symbol.asyncDispose]() {
        await driver.close();
        folder[Symbol.dispose]();
      },
    };
  });
}

test("a store that is opened again has all that it was told, and its time does not go back", async () => {
  using folder = temporaryFolder();
  const time = new TestTime();
  const first = await SqliteDriver.open({ folder: folder.path, time });
  const client = new TestClient(first);
  const { versions } = await client.do(set("s", "k", "v"));
  await client.do(send("q", "m"));
  await client.do({ kind: "acquire", lock: "l", holder: "a", leaseMs: 60_000 });
  const before = first.now();
  await first.close();
  time.setWall(-3_600_000);
  const second = await SqliteDriver.open({ folder: folder.path, time });
  expect(second.now()).toBeGreaterThanOrEqual(before);
  expect(second.read({ kind: "get", store: "s", keys: ["k"] })).toMatchObject([{ version: versions[0] }]);
  expect(second.read({ kind: "lock", lock: "l" })).toMatchObject({ holder: "a" });
  const again = new TestClient(second, "another");
  expect((await again.do(claim("q"))).messages).toHaveLength(1);
  const { versions: later } = await again.do(set("s", "k", "w"));
  expect(later[0]).toBeGreaterThan(versions[0]!);
  await second.close();
});

test("a folder has one owner at a time", async () => {
  using folder = temporaryFolder();
  const time = new TestTime();
  const first = await SqliteDriver.open({ folder: folder.path, time });
  await expect(SqliteDriver.open({ folder: folder.path, time })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringMatching(/Another process works on the store/),
  });
  await first.close();
  await (await SqliteDriver.open({ folder: folder.path, time })).close();
});

test("data of a newer version is refused, and left as it is", async () => {
  using folder = temporaryFolder();
  const time = new TestTime();
  await (await SqliteDriver.open({ folder: folder.path, time })).close();
  const database = new DatabaseSync(join(folder.path, "store.db"));
  database.exec(`pragma user_version = ${SCHEMA_VERSION + 1}`);
  database.close();
  await expect(SqliteDriver.open({ folder: folder.path, time })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringMatching(/newer version of Hadron.*unharmed/),
  });
});

test("what is no database is refused, and named", async () => {
  using folder = temporaryFolder();
  const { writeFileSync } = await import("node:fs");
  writeFileSync(
    join(folder.path, "store.db"),
    "a letter to a friend, by no means a database, and long enough to be read as one",
  );
  await expect(SqliteDriver.open({ folder: folder.path, time: new TestTime() })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining(folder.path),
  });
});

test("a backup is whole, opens as a store, and replaces no file", async () => {
  using folder = temporaryFolder();
  const time = new TestTime();
  const driver = await SqliteDriver.open({ folder: join(folder.path, "data"), time });
  const client = new TestClient(driver);
  for (let index = 0; index < 50; index++) await client.do(set("s", `k${index}`, "v"));
  const { mkdirSync } = await import("node:fs");
  mkdirSync(join(folder.path, "copy"));
  const file = join(folder.path, "copy", "store.db");
  const [, ...rest] = await Promise.all([driver.backup(file), client.do(set("s", "during", "v"))]);
  expect(rest).toHaveLength(1);
  await expect(driver.backup(file)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  await driver.close();
  const copy = await SqliteDriver.open({ folder: join(folder.path, "copy"), time });
  expect(copy.read({ kind: "list", store: "s", prefix: "k", after: undefined, most: 100 })).toHaveLength(50);
  await copy.close();
});

test("a store that was closed refuses, and leaves no file but its own", async () => {
  using folder = temporaryFolder();
  const driver = await SqliteDriver.open({ folder: folder.path, time: new TestTime() });
  const written = new TestClient(driver).do(set("s", "k", "v"));
  await driver.close();
  // What was asked before is done.
  await written;
  await expect(new TestClient(driver, "late").do(set("s", "k", "w"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(readdirSync(folder.path).sort()).toEqual(["boot.json", "owner.db", "store.db"]);
});
