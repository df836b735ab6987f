import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Shell } from "../../../core/test/cli/e2e/shell.ts";

const shell = new Shell();
const folder = mkdtempSync(join(tmpdir(), "hadron-in-postgres-"));
const file = resolve(import.meta.dirname, "apps", "keeps.ts");
const NAME = "keeps-pg";
const type = (...words: readonly string[]) => shell.run([file, ...words, `--app=${NAME}`, `--data-dir=${folder}`]);
const lines = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

afterAll(async () => {
  await shell[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test("with --store=postgres an app keeps all in a database; its verbs look at it; another store is refused where there is data", async () => {
  expect(await type("call", "shop", "fill", "3", "--store=postgres")).toMatchObject({ status: 0, out: "3\n" });
  const refused = await type("call", "shop", "fill", "1");
  expect(refused.status).toBe(1);
  expect(refused.err).toMatch(/hadron\.store of "keeps-pg" has kept data in postgres.*Nothing was changed/s);
  const read = await type("call", "shop", "read", '"ä/1"', "--store=postgres");
  expect(read.status).toBe(0);
  expect(read.out).toContain('"n":1');
  const backup = join(folder, "backup");
  const up = shell.type([file, "up", "--store=postgres", `--app=${NAME}`, `--data-dir=${folder}`]);
  await up.says("out", "http://");
  const entries = lines((await type("kv", "carts", "list", "ä/", "--json")).out);
  expect(entries.map(({ key }) => key)).toEqual(["ä/0", "ä/1", "ä/2"]);
  expect(lines((await type("queue", "--json")).out)[0]).toBeDefined();
  expect(await type("backup", `--to=${backup}`)).toMatchObject({ status: 0 });
  up.signal("SIGINT");
  await up.ended;
  // As SQLite's: so an app moves from one to the other.
  const other = ["--app=keeps-sqlite", `--data-dir=${folder}`];
  expect(await shell.run([file, "restore", `--from=${backup}`, ...other])).toMatchObject({ status: 0 });
  expect((await shell.run([file, "call", "shop", "read", '"ä/2"', ...other])).out).toContain('"n":2');
  expect((await shell.run([file, "plan", "--store=postgres", ...other])).err).toMatch(/has kept data in the folder/);
}, 300_000);
