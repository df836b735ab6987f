import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderDriver, fileNote } from "../../src/bucket/folder/index.ts";
import { FilesKeeper } from "../../src/bucket/service/keeper.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hadron-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let names = 0;
const open = (at = folder) => FolderDriver.open({ folder: at, now: () => 5, newName: () => `blob-${++names}` });
const options = { contentType: "text/plain", maxBytes: Number.POSITIVE_INFINITY };
async function* bytes(...texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text);
}
const text = async (driver: FolderDriver, key: string) =>
  Buffer.concat(await Array.fromAsync((await driver.get("b", key, undefined))?.chunks ?? [])).toString();

test("a file that never became an object is swept away by the next start, and no object is", async () => {
  const first = await open();
  await first.put("b", "k", bytes("kept"), options);
  await first.close();
  writeFileSync(join(folder, "blobs/orphan"), "x");
  writeFileSync(join(folder, "blobs/half.part"), "x");
  const second = await open();
  expect(readdirSync(join(folder, "blobs"))).toHaveLength(1);
  expect(await text(second, "k")).toBe("kept");
  await second.close();
});

test("replacing and deleting leave no file behind", async () => {
  const driver = await open();
  for (const n of [1, 2, 3]) await driver.put("b", "k", bytes(`${n}`), options);
  expect(readdirSync(join(folder, "blobs"))).toHaveLength(1);
  await driver.delete("b", "k", {});
  expect(readdirSync(join(folder, "blobs"))).toEqual([]);
  await driver.close();
});

test("a byte that the disk changed is an error before any byte of its block, and never data", async () => {
  const driver = await open();
  await driver.put("b", "k", bytes("a".repeat(300_000), "tail"), options);
  const path = join(folder, "blobs", readdirSync(join(folder, "blobs"))[0] ?? "");
  const damaged = readFileSync(path);
  damaged[280_000] = 0;
  writeFileSync(path, damaged);
  const found = await driver.get("b", "k", undefined);
  let read = 0;
  const reading = (async () => {
    for await (const chunk of found?.chunks ?? []) read += chunk.length;
  })();
  await expect(reading).rejects.toMatchObject({
    code: "INTERNAL",
    message: expect.stringContaining("not as it was stored"),
  });
  expect(read).toBe(256 * 1024);
  writeFileSync(path, damaged.subarray(0, 100));
  await expect(text(driver, "k")).rejects.toMatchObject({ code: "INTERNAL" });
  await driver.close();
});

test("a folder of a newer version, of another process, or that is none is refused, and unharmed", async () => {
  const first = await open();
  await first.put("b", "k", bytes("kept"), options);
  await expect(open()).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("Another process"),
  });
  await first.close();
  const path = join(folder, "index.db");
  const database = new DatabaseSync(path);
  database.exec("pragma user_version = 99; pragma wal_checkpoint(truncate)");
  database.close();
  const before = readFileSync(path);
  await expect(open()).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("newer version"),
  });
  expect(Buffer.compare(readFileSync(path), before)).toBe(0);
  expect(readdirSync(join(folder, "blobs"))).toHaveLength(1);
  writeFileSync(join(folder, "file"), "");
  await expect(open(join(folder, "file"))).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
});

test("a backup goes into an empty folder whole, and into no other", async () => {
  const driver = await open();
  for (const key of ["a", "ü/b"]) await driver.put("b", key, bytes(key, "\n", "x".repeat(300_000)), options);
  await driver.put("c", "k", bytes(""), { ...options, contentType: "image/png" });
  const keeper = new FilesKeeper(driver, fileNote(join(folder, "declared.json")));
  const other = await open(join(folder, "other"));
  const otherKeeper = new FilesKeeper(other, fileNote(join(folder, "other/declared.json")));
  await otherKeeper.restore(keeper.backup());
  expect(await otherKeeper.kept()).toEqual(await keeper.kept());
  expect(await text(other, "ü/b")).toBe(await text(driver, "ü/b"));
  expect(await other.head("c", "k")).toMatchObject({ bytes: 0, contentType: "image/png" });
  await expect(otherKeeper.restore(keeper.backup())).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  expect(await keeper.drop({ kind: "bucket", name: "b" })).toEqual({ dropped: true });
  expect((await keeper.kept()).things).toEqual([{ kind: "bucket", name: "c", holds: "1 object", bytes: 0 }]);
  await Promise.all([driver.close(), other.close()]);
});
