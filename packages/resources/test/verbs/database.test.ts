import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, Shell, type Typed } from "../../../core/test/cli/e2e/shell.ts";

const shell = new Shell();
const folder = mkdtempSync(join(tmpdir(), "hadron-psql-"));
const line = (words: readonly string[]) => [
  join(root, "examples/orders.ts"),
  ...words,
  "--app=psql",
  `--data-dir=${folder}`,
];
const type = (...words: readonly string[]) => shell.run(line(words));
const path = process.env.PATH;
let up: Typed;

beforeAll(async () => {
  process.env.PATH = `${resolve(import.meta.dirname, "bin")}:${path}`;
  up = shell.type(line(["up"]));
  await up.says("err", "End it:");
}, 120_000);
afterAll(async () => {
  process.env.PATH = path;
  // In order: a server that is killed is still at its folder for a moment.
  up.signal("SIGINT");
  await up.ended;
  await shell[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test("url prints what any other tool connects with, as the one that enters the database and no other", async () => {
  const { out, err, status } = await type("url", "book");
  expect([status, err]).toEqual([0, ""]);
  const client = new Client(out.trim());
  await client.connect();
  const { rows } = await client.query("select current_database() as database, current_user as owner");
  await client.end();
  expect(rows).toEqual([{ database: "book", owner: "book" }]);
  const json = await type("url", "book", "--json");
  expect(JSON.parse(json.out)).toEqual({ name: "book", url: out.trim() });
}, 60_000);

test("rotate gives a database a new password: url has it, and the URL of before gets nobody in", async () => {
  const before = (await type("url", "book")).out.trim();
  const { out, status } = await type("rotate", "book", "--json");
  expect([status, JSON.parse(out)]).toEqual([0, { name: "book", version: 2, left: expect.any(Number) }]);
  const client = new Client((await type("url", "book")).out.trim());
  await client.connect();
  expect((await client.query("select session_user as who")).rows).toEqual([{ who: "book.2" }]);
  await client.end();
  const refused = new Client(before);
  refused.on("error", () => {});
  await expect(refused.connect()).rejects.toMatchObject({ code: expect.stringMatching(/^28/) });
  const wrong = await type("rotate", "nope");
  expect([wrong.status, wrong.err]).toEqual([2, expect.stringContaining("There is book.")]);
}, 60_000);

test("psql is connected through the runner, its status is the verb's, and a database that is not there is named", async () => {
  expect(await type("psql", "book", "select count(*) from line")).toMatchObject({ status: 0, out: "0\n" });
  expect(await type("psql", "book", "select nothing")).toMatchObject({ status: 1, out: "" });
  const wrong = await type("psql", "nope");
  expect([wrong.status, wrong.err]).toEqual([2, expect.stringContaining('no database "nope". There is book.')]);
  expect((await type("url")).status).toBe(2);
}, 60_000);

test("Ctrl-C in psql is psql's, as often as it is typed", async () => {
  // tsx around it would have a status of its own where Ctrl-C was typed.
  const command = [process.execPath, "--import", "tsx"];
  const session = shell.type(line(["psql", "book", "until it is told twice"]), { command });
  await session.says("out", "begun");
  session.signal("SIGINT");
  await session.says("out", "told 1");
  // A second one in another moment would end a command of ours at once.
  await new Promise((resolve) => setTimeout(resolve, 400));
  session.signal("SIGINT");
  await session.says("out", "told 2");
  expect([await session.ended, session.err]).toEqual([3, ""]);
}, 60_000);

test("a psql that is not installed is said", async () => {
  const had = process.env.PATH;
  process.env.PATH = "/nowhere";
  const { status, err } = await type("psql", "book");
  process.env.PATH = had;
  expect([status, err]).toEqual([2, expect.stringContaining("psql is not installed, or cannot be run")]);
}, 60_000);
