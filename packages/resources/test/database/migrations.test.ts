import { HadronError, service } from "@hadron/core";
import { createSystemClock } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { database } from "@hadron/resources";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readMigrations } from "../../src/database/migrations/declared.ts";
import { migrate } from "../../src/database/migrations/migrate.ts";
import { splitStatements } from "../../src/database/migrations/split.ts";

const empty = database("empty");
let app: Awaited<ReturnType<typeof start>>;
let count = 0;

beforeAll(async () => {
  app = await start(service("user", () => 1, { uses: [empty] }));
}, 30_000);
afterAll(() => app.close());

/** A schema of its own, as if it were a database of its own. */
async function fresh() {
  const url = await empty.url();
  const name = `d${++count}`;
  await empty.sql`select 1`;
  const admin = new pg.Client(url.replace(/\/\/[^@]*@/, "//postgres@"));
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const connect = async () => {
    const client = new pg.Client(url.replace(/\/\/[^@]*@/, "//postgres@").replace("/empty?", `/${name}?`));
    await client.connect();
    return client;
  };
  const apply = async (texts: Record<string, string>) => {
    const told: string[] = [];
    const client = await connect();
    try {
      const applied = await migrate(readMigrations("x", texts), {
        of: 'database("x")',
        client,
        clock: createSystemClock(),
        signal: new AbortController().signal,
        tell: (name) => told.push(name),
      });
      return { told, applied: [...applied.keys()].sort() };
    } finally {
      await client.end();
    }
  };
  const ask = async (text: string) => {
    const client = await connect();
    const { rows } = await client.query(text).finally(() => client.end());
    return rows;
  };
  return { apply, ask };
}

describe("migrations", () => {
  test("each is applied once, in the order of their names; what is applied is a set", async () => {
    const { apply } = await fresh();
    const [one, three] = ["create table a (n int)", "create table c (n int)"];
    expect((await apply({ "0003_c": three, "0001_a": one })).told).toEqual(["0001_a", "0003_c"]);
    expect(await apply({ "0001_a": one, "0002_b": "create table b (n int)", "0003_c": three })).toEqual({
      told: ["0002_b"],
      applied: ["0001_a", "0002_b", "0003_c"],
    });
    expect(await apply({ "0001_a": one })).toEqual({ told: [], applied: ["0001_a", "0002_b", "0003_c"] });
  });

  test("one that fails in its third statement leaves nothing, and says file, line, statement and SQLSTATE", async () => {
    const { apply, ask } = await fresh();
    const failing = apply({
      "0001_a": "create table a (n int)",
      "0002_b":
        "-- three; steps\ncreate table b (n int);\ninsert into b values (1);\n\nalter table b add column n int;\nselect 1;",
    });
    await expect(failing).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /database\("x"\): the migration 0002_b\.sql failed in its statement 3, line 5 \(alter table b add column n int\): column "n" .* already exists \(SQLSTATE 42701\)\. Nothing of this migration was kept/,
      ),
    });
    expect(await ask("select to_regclass('b') as b, to_regclass('a')::text as a")).toEqual([{ a: "a", b: null }]);
    expect((await apply({ "0001_a": "create table a (n int)", "0002_b": "create table b (n int)" })).told).toEqual([
      "0002_b",
    ]);
  });

  test("one that was edited after it was applied is refused, and nothing is done", async () => {
    const { apply, ask } = await fresh();
    await apply({ "0001_a": "create table a (n int)" });
    const edited = apply({ "0001_a": "create table a (n bigint)", "0002_b": "create table b ()" });
    await expect(edited).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("0001_a was applied, and has been edited"),
    });
    expect(await ask("select to_regclass('b') as b")).toEqual([{ b: null }]);
  });

  test("several at once apply each once, also where one cannot run in a transaction", async () => {
    const { apply, ask } = await fresh();
    const texts = {
      "0001_a": "create table a (n int); insert into a select generate_series(1, 1000)",
      "0002_i": "-- hadron: no transaction\ncreate index concurrently i on a (n)",
      "0003_b": "insert into a values (0)",
    };
    const results = await Promise.all([apply(texts), apply(texts), apply(texts)]);
    expect(results.flatMap(({ told }) => told).sort()).toEqual(["0001_a", "0002_i", "0003_b"]);
    expect(await ask("select count(*)::int as n from a where n = 0")).toEqual([{ n: 1 }]);
    expect(await ask("select indisvalid as ok from pg_index where indexrelid = 'i'::regclass")).toEqual([{ ok: true }]);
  });

  test("without the line, what cannot run in a transaction fails and says so", async () => {
    const { apply } = await fresh();
    await expect(apply({ "0001_v": "vacuum" })).rejects.toThrow(
      /VACUUM cannot run inside a transaction block \(SQLSTATE 25001\)/,
    );
  });
});

describe("statements of a file", () => {
  const texts = (file: string) => splitStatements(file).map(({ text }) => text);

  test("a semicolon in a string, a name, a comment, a dollar quote or a body ends nothing", () => {
    const statements = [
      "select ';', E'it\\';s', \"a;b\" -- not; here",
      "create function f() returns int as $a$ begin; $$;$$ end; $a$ language plpgsql",
      "/* a; /* nested; */ b; */ select 1",
      "create function g() returns int begin atomic select case when true then 1 else 2 end; select 2; end",
      "select $1, a$b$c from t",
    ];
    expect(texts(`${statements.join("\n;\n")}\n;\n-- the end;\n`)).toEqual(statements);
  });

  test("a comment alone is no statement, and lines are counted from the file's first", () => {
    expect(texts(";;\n-- nothing\n/* ; */")).toEqual([]);
    expect(splitStatements("select 1;\n\n-- two\nselect\n2")).toEqual([
      { text: "select 1", line: 1 },
      { text: "-- two\nselect\n2", line: 3 },
    ]);
  });
});

test("a name without a number, an empty text and a folder that is not there are refused where they are declared", () => {
  for (const migrations of [{ init: "select 1" }, { "0001_a": " " }, "./no-such-folder"]) {
    expect(() => database("x", { migrations: migrations as never })).toThrow(
      expect.objectContaining({ code: "INVALID_DECLARATION" }),
    );
  }
});

test("an app whose migration fails does not start, and says why", async () => {
  const bad = database("bad", { migrations: { "0001_a": "create tabel a ()" } });
  const starting = start(service("user", () => 1, { uses: [bad] }));
  await expect(starting).rejects.toThrow(
    /hadron.database.0: its start failed: database\("bad"\): the migration 0001_a.sql failed in its statement 1.*42601/s,
  );
  expect(await starting.catch((error: unknown) => error)).toBeInstanceOf(HadronError);
});
