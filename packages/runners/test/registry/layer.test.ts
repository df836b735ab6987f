import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { sha256, toLayer } from "../../src/registry/layer.ts";

const folder = mkdtempSync(join(tmpdir(), "hadron-layer-"));
afterAll(() => rmSync(folder, { recursive: true }));

const long = `app/${"deep/".repeat(40)}${"x".repeat(120)}.txt`;
const entries = [
  { path: "app/run.sh", content: Buffer.from("#!/bin/sh\n"), executable: true },
  { path: long, content: Buffer.from("far away") },
  { path: "app/empty", content: Buffer.alloc(0) },
  { path: "app/exact", content: Buffer.alloc(1024, "a") },
  { path: "app/ünïcode", content: Buffer.from("é") },
];

test("tar reads what it packs: contents, modes, long and foreign names", async () => {
  const { content } = await toLayer(entries);
  const archive = join(folder, "layer.tgz");
  writeFileSync(archive, content);
  execFileSync("tar", ["-xzf", archive, "-C", folder]);
  for (const { path, content } of entries) expect(readFileSync(join(folder, path))).toEqual(content);
  expect(statSync(join(folder, "app/run.sh")).mode & 0o777).toBe(0o755);
  expect(statSync(join(folder, "app/empty")).mode & 0o777).toBe(0o644);
});

test("the same files make the same layer, in whatever order they come", async () => {
  const [one, other] = await Promise.all([toLayer(entries), toLayer(entries.toReversed())]);
  expect(one.digest).toBe(other.digest);
  expect(one.diffId).toBe(sha256(gunzipSync(one.content)));
  expect(one.digest).toBe(sha256(one.content));
});

test("a changed byte makes another layer", async () => {
  const changed = entries.map((one) => (one.path === "app/empty" ? { ...one, content: Buffer.from("!") } : one));
  expect((await toLayer(changed)).digest).not.toBe((await toLayer(entries)).digest);
});
