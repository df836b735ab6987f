import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { placeOfData } from "../../src/local/folder/app-data.ts";
import { listStorage, makeStorage, removeStorage } from "../../src/local/folder/storage.ts";
import type { LocalRunner } from "../../src/local/runner.ts";
import { toProgram } from "../../src/suite.ts";
import { keeper, stranger } from "../fixtures/keeper.ts";
import { fixture, Home } from "./harness.ts";

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home[Symbol.asyncDispose]());

const program = () => toProgram(fixture("keeper.ts"), "keeper", [keeper, stranger]);

/** Runs the app for as long as `use` takes. */
async function running<T>(runner: LocalRunner, use: () => Promise<T>): Promise<T> {
  const { attached } = await home.apply(runner, program());
  try {
    return await use();
  } finally {
    await attached?.[Symbol.asyncDispose]();
  }
}

test("a single replica stores; delete keeps it and says what, and delete with data leaves nothing", async () => {
  const runner = home.runner();
  await running(runner, () => home.call(runner, "keeper", "keeper", "put", "kept"));
  const { kept, left } = await runner.delete("keeper", { data: false }, home.context);
  expect(left).toEqual([]);
  expect(kept).toEqual([
    { kind: "folder", name: join(home.path, "data/keeper/keeper.0"), service: "keeper", bytes: 4 },
    { kind: "file", name: join(home.path, "data/keeper/secrets.json"), service: null, bytes: expect.any(Number) },
  ]);
  expect(await running(runner, () => home.call(runner, "keeper", "keeper", "get"))).toBe("kept");
  expect((await runner.delete("keeper", { data: true }, home.context)).kept).toEqual([]);
  expect(existsSync(join(home.path, "data/keeper"))).toBe(false);
});

test("a generated secret is made once, known to those who name it, for the user's eyes only, and never said", async () => {
  const runner = home.runner();
  const look = () =>
    running(runner, async () => {
      const lines = [];
      const logs = runner.logs("keeper", { service: undefined, follow: false }, home.context);
      for await (const { line } of logs) lines.push(line);
      return {
        password: await home.call(runner, "keeper", "keeper", "password"),
        strangers: await home.call(runner, "keeper", "stranger", "stranger"),
        said: lines.join("\n"),
        status: JSON.stringify(await runner.status("keeper", home.context)),
      };
    });
  const first = await look();
  expect(first.password).toMatch(/^[\w-]{32}$/);
  expect(first.strangers).toBeNull();
  expect(first.said + first.status + JSON.stringify(program().topology)).not.toContain(first.password);
  expect((await look()).password).toBe(first.password);
  const file = join(home.path, "data/keeper/secrets.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);

  writeFileSync(file, "{ torn");
  await expect(home.apply(runner, program())).rejects.toMatchObject({
    code: "RUNNER_FAILED",
    message: expect.stringMatching(/secrets\.json.*Repair it/),
  });
  expect(readFileSync(file, "utf8")).toBe("{ torn");
});

test("without --data-dir it lies beside the app file, where version control leaves it alone", async () => {
  const app = join(home.path, "project");
  const place = placeOfData("shop", { dataDir: undefined, folder: app, former: join(home.path, "former") });
  mkdirSync(app);
  const folder = makeStorage(place, "disk", 0);
  expect(folder).toBe(join(app, ".hadron/shop/disk.0"));
  expect(readFileSync(join(app, ".hadron/.gitignore"), "utf8")).toBe("*\n");
  const other = placeOfData("other", { dataDir: undefined, folder: app, former: join(home.path, "former") });
  makeStorage(other, "disk", 0);
  removeStorage(place);
  expect(existsSync(join(app, ".hadron/other/disk.0"))).toBe(true);
  removeStorage(other);
  expect(existsSync(join(app, ".hadron"))).toBe(false);
});

test("what earlier versions stored elsewhere is moved here, told, and listed until then", async () => {
  const former = join(home.path, "former");
  mkdirSync(join(former, "shop/disk.0"), { recursive: true });
  writeFileSync(join(former, "shop/disk.0/file"), "old");
  const place = placeOfData("shop", { dataDir: join(home.path, "new"), folder: dirname(former), former });
  expect((await listStorage(place)).map(({ name }) => name)).toEqual([join(former, "shop/disk.0")]);
  const told: string[] = [];
  const folder = makeStorage(place, "disk", 0, (text) => told.push(text));
  expect(readFileSync(join(folder, "file"), "utf8")).toBe("old");
  expect(existsSync(join(former, "shop/disk.0"))).toBe(false);
  expect(told).toEqual([`What disk.0 stored was moved from ${join(former, "shop/disk.0")} to ${folder}.`]);
  makeStorage(place, "disk", 0, (text) => told.push(text));
  expect(told).toHaveLength(1);
});
