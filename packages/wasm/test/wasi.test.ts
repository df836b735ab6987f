import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { type WasmOptions, wasm } from "@hadron/wasm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at } from "./at.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hadron-wasm-"));
  await mkdir(join(folder, "given/below"), { recursive: true });
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(folder, "given/a.txt"), "first\nsecond\n");
  await writeFile(join(folder, "given/below/b.txt"), "below");
  await symlink("../secret.txt", join(folder, "given/out.txt"));
  await symlink("..", join(folder, "given/up"));
  await symlink("below/b.txt", join(folder, "given/in.txt"));
});

afterAll(() => rm(folder, { recursive: true }));

/** What the program writes, called with arguments, beside a folder that it may write. */
async function probe(args: readonly string[], options: WasmOptions = {}): Promise<string> {
  const files = { "/data": { folder: join(folder, "given"), writable: true } };
  const tried = service("probe", wasm(at("probe"), { files, ...options, args }));
  await using _ = await start(tried);
  return (await tried()) as string;
}

test("a program finds what it was granted, where it was put", async () => {
  expect(await probe(["cat", "/data/a.txt"])).toBe("first\nsecond\n");
  expect(await probe(["cat", "/data/below/../a.txt"])).toBe("first\nsecond\n");
  expect(await probe(["cat", "/data/in.txt"])).toBe("below");
  expect(await probe(["size", "/data/a.txt"])).toBe("13 file\n");
  expect(await probe(["size", "/data"])).toMatch(/folder/);
  expect(await probe(["tail", "/data/a.txt", "7"])).toBe("from 6: second\n");
  expect((await probe(["list", "/data"])).trim().split("\n").sort()).toEqual([
    "a.txt",
    "below/",
    "in.txt",
    "out.txt",
    "up",
  ]);
  expect(await probe(["list", "/"])).toBe("data/\n");
});

test.each([
  "/data/../secret.txt",
  "/data/out.txt",
  "/data/up/secret.txt",
  "/data/below/../../secret.txt",
  "/data/./..//../secret.txt",
  "/secret.txt",
  "../secret.txt",
  "/etc/passwd",
  "/data/a.txt/../../secret.txt",
])("no path leads out of what was granted: %s", async (path) => {
  await expect(probe(["cat", path])).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    message: expect.stringMatching(/exit status 3/),
  });
});

test("a program writes where it may, and makes no links", async () => {
  await probe(["write", "/data/new.txt", "one"]);
  await probe(["append", "/data/new.txt", " two"]);
  expect(await readFile(join(folder, "given/new.txt"), "utf8")).toBe("one two");
  await probe(["rename", "/data/new.txt", "/data/below/moved.txt"]);
  expect(await probe(["cat", "/data/below/moved.txt"])).toBe("one two");
  await probe(["remove", "/data/below/moved.txt"]);
  await probe(["mkdir", "/data/made"]);
  expect(await probe(["size", "/data/made"])).toMatch(/folder/);
  await probe(["remove", "/data/made"]);
  await expect(probe(["link", "../secret.txt", "/data/link.txt"])).rejects.toMatchObject({
    message: expect.stringMatching(/exit status 3/),
  });
  await expect(probe(["rename", "/data/a.txt", "/data/../a.txt"])).rejects.toMatchObject({
    message: expect.stringMatching(/exit status 3/),
  });
});

test("a folder of the app can be read, and not written", async () => {
  const files = { "/modules": "./modules" };
  expect(await probe(["cat", "/modules/uppercase.c"], { files })).toMatch(/toupper/);
  await expect(probe(["write", "/modules/x", "x"], { files })).rejects.toMatchObject({
    message: expect.stringMatching(/Read-only file system/),
  });
  await expect(probe(["remove", "/modules/uppercase.c"], { files })).rejects.toMatchObject({
    message: expect.stringMatching(/Read-only/),
  });
});

test("without grants there is no file, no environment, no chance and no fine clock", async () => {
  await expect(probe(["cat", "/data/a.txt"], { files: {} })).rejects.toMatchObject({
    message: expect.stringMatching(/exit status 3/),
  });
  expect(await probe(["env", "PATH"])).toBe("(none)\n");
  expect(await probe(["env", "MODE"], { env: { MODE: "test" } })).toBe("test\n");
  expect(await probe(["random"])).toBe(await probe(["random"]));
  expect(await probe(["random"], { random: true })).not.toBe(await probe(["random"], { random: true }));
  expect(await probe(["clock"])).toBe("0\n");
});

test("a program that ends with a status says what it last said", async () => {
  expect(await probe(["exit", "0"])).toBe("");
  await expect(probe(["exit", "7"])).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    message: expect.stringMatching(/probe\.wasm"\): it ended with exit status 7\. It said: about to end /),
  });
});
