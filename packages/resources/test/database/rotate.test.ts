import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { database } from "@hadron/resources";
import { Client } from "pg";
import { expect, test } from "vitest";

const book = database("book", { migrations: { "0001_line": "create table line (n int)" } });

const begun = Promise.withResolvers<void>();

const writers = service(
  "writers",
  {
    async write(n: number) {
      await book.transaction(async (tx) => {
        await tx.sql`insert into line values (${n})`;
      });
      await book.pool.query("insert into line values ($1)", [n]);
      const client = await book.pool.connect();
      await client.query("insert into line values ($1)", [n]).finally(() => client.release());
      return (await book.sql<{ who: string }>`select session_user as who`)[0]?.who;
    },
    // One that is at work all the while.
    slowly: () =>
      book.transaction(async (tx) => {
        await tx.sql`select`;
        begun.resolve();
        return (await tx.sql`select pg_sleep(1), session_user as who`)[0]?.who;
      }),
    url: () => book.url(),
  },
  { uses: [book], replicas: 2 },
);

test("a password is rotated under load: nothing fails, and the one before does not let anybody in", async () => {
  await using app = await start(writers);
  const { write, slowly, url } = app.client(writers);
  const first = await url();
  expect(await write(0)).toBe("book.1");
  const seen = new Set<unknown>();
  let written = 1;
  let isOver = false;
  const writeOn = async () => {
    while (!isOver) seen.add(await write(written++));
  };
  const writing = [writeOn(), writeOn()];
  const slow = slowly();
  await begun.promise;
  const rotate = () => app.call("hadron.database", "rotate", { name: "book" });
  expect(await rotate()).toMatchObject({ version: 2, left: expect.any(Number) });
  expect(await rotate()).toMatchObject({ version: 3 });
  // These need connections that are not there yet, and know the first password alone.
  for (let more = 0; more < 12; more++) writing.push(writeOn());
  while (!seen.has("book.3")) await new Promise((resolve) => setImmediate(resolve));
  isOver = true;
  await Promise.all(writing);
  expect(await slow).toBe("book.1");
  const admin = new Client(await url());
  await admin.connect();
  const { rows } = await admin.query("select count(*)::int as n from line");
  expect(rows).toEqual([{ n: 3 * written }]);
  await admin.end();
  const before = new Client(first);
  before.on("error", () => {});
  await expect(before.connect()).rejects.toMatchObject({ code: expect.stringMatching(/^28/) });
});
