import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Shell } from "../../../core/test/cli/e2e/shell.ts";

const shell = new Shell();
const folder = mkdtempSync(join(tmpdir(), "hadron-verbs-"));
const app = (name: string) => resolve(import.meta.dirname, "apps", `${name}.ts`);

/** One app, "keeps", whose file changes. */
const type = async (file: string, words: readonly string[], name = "keeps") =>
  shell.run([app(file), ...words, `--app=${name}`, `--data-dir=${folder}`]);
const json = async (file: string, ...words: readonly string[]) => {
  const { out, err, status } = await type(file, [...words, "--json"]);
  expect([status, err]).toEqual([0, ""]);
  return out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
};

beforeAll(async () => {
  expect(await type("keeps", ["call", "shop", "fill", "3"])).toMatchObject({ status: 0, out: "3\n" });
}, 60_000);
afterAll(async () => {
  await shell[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test("kv and queue look at what was kept while nothing of the app runs, and start nothing", async () => {
  const entries = await json("keeps", "kv", "carts", "list", "ä/");
  expect(entries.map(({ key, value }) => [key, value.n])).toEqual([
    ["ä/0", 0],
    ["ä/1", 1],
    ["ä/2", 2],
  ]);
  const help = await type("keeps", ["queue", "--help"]);
  expect(help.out).toContain("queue [NAME [list | send MESSAGE | dead");
  expect(shell.open()).toEqual([]);
}, 60_000);

test("plan says what becomes of resources, and data that nobody declares stays until it is removed by name", async () => {
  const plan = async () => {
    const [{ changes }] = await json("keeps-less", "plan");
    return (changes as { action: string; kind: string; name: string; because: string }[])
      .filter(({ kind }) => kind !== "process")
      .map(({ action, kind, name, because }) => `${action} ${kind} ${name} (${because})`);
  };
  const retain = "retain queue old (no longer declared; 3 messages stay; delete --data=queue:old removes them)";
  expect(await plan()).toEqual(["move keyValue baskets (was carts)", "update queue emails (retries 5 → 8)", retain]);
  const kept = await type("keeps-less", ["delete"]);
  expect(kept.err).toContain("queue old: 3 messages");
  const removed = await type("keeps-less", ["delete", "--data=queue:old", "--yes"]);
  expect(removed).toMatchObject({ status: 0, out: "Removed 3 messages of queue old.\n" });
  // An up moves what was called otherwise.
  const { out } = await type("keeps-less", ["call", "shop", "read", '"ä/2"']);
  expect(out).toBe('{"n":2}\n');
  expect((await json("keeps-less", "kv"))[0].stores.map(({ name }: { name: string }) => name)).toEqual(["baskets"]);
  expect(await plan()).toEqual([]);
}, 120_000);

test("data that is protected is not removed", async () => {
  const refused = await type("keeps", ["delete", "--data", "--yes"]);
  expect([refused.status, refused.err]).toEqual([
    1,
    expect.stringContaining('keyValue("carts") is declared with protect'),
  ]);
}, 60_000);

test("a backup goes into an empty app, and into no other; one that was damaged goes into none", async () => {
  const file = join(folder, "copy");
  expect(await type("keeps-less", ["backup", `--to=${file}`])).toMatchObject({ status: 0 });
  const full = await type("keeps-less", ["restore", `--from=${file}`]);
  expect([full.status, full.err]).toEqual([1, expect.stringContaining("a backup is restored into an empty app only")]);
  const bad = join(folder, "bad");
  writeFileSync(bad, readFileSync(file).subarray(0, -40));
  const refused = await type("keeps-less", ["restore", `--from=${bad}`], "other");
  expect([refused.status, refused.err]).toEqual([1, expect.stringMatching(/FAILED_PRECONDITION: .*bad is cut off/)]);
  expect(await type("keeps-less", ["restore", `--from=${file}`], "other")).toMatchObject({ status: 0 });
  const { out } = await type("keeps-less", ["kv", "baskets", "list"], "other");
  expect(out).toBe('"ä/0" {"n":0}\n"ä/1" {"n":1}\n"ä/2" {"n":2}\n');
}, 120_000);
