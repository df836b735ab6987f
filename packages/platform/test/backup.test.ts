import { generateKeyPairSync, sign } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { extract, pack } from "tar-stream";
import { expect, test, vi } from "vitest";
import { moduleOf, type StartedPlatform, startPlatform } from "./start-platform.ts";

const IMPORT = "/my-own-cluster/api/admin/import-database";
const base64 = (text: string) => Buffer.from(text).toString("base64");

async function count(platform: StartedPlatform, page = "/page"): Promise<string> {
  const call = { name: "counter", start_function: "count", mode: "direct", input: base64(page) };
  return Buffer.from((await platform.admin("POST", "function/call", call)).json.output, "base64").toString();
}

async function startFilled(): Promise<StartedPlatform> {
  const platform = await startPlatform();
  await platform.register("uppercase", moduleOf("old-seek"));
  await platform.register("uppercase", moduleOf("uppercase"));
  await platform.register("counter", moduleOf("counter"));
  await platform.register("web", moduleOf("web"));
  await platform.admin("POST", "function/plug", { method: "POST", path: "/up", name: "uppercase" });
  await platform.admin("POST", "file/register", {
    method: "GET",
    path: "/a",
    content_type: "text/css",
    bytes: base64("a"),
  });
  await platform.admin("POST", "filter/plug", { name: "web", start_function: "pass" });
  await platform.admin("POST", "schedule/plug", { name: "web", start_function: "tick", cron: "0 3 * * *" });
  expect([await count(platform), await count(platform)]).toEqual(["1", "2"]);
  return platform;
}

const exportOf = async (platform: StartedPlatform) => ({
  archive: (await platform.admin("GET", "admin/export-database")).body,
  key: (await platform.admin("GET", "admin/status")).json.key as string,
});

const importInto = (platform: StartedPlatform, archive: Uint8Array, key: string) =>
  platform.ask("POST", IMPORT, archive, { authorization: `Bearer ${platform.token}`, "x-hadron-key": key });

test("another platform has all that a backup has, and refuses a second one", async () => {
  await using from = await startFilled();
  const { archive, key } = await exportOf(from);
  const { headers } = await from.admin("GET", "admin/export-database");
  expect(headers).toMatchObject({ "content-type": "application/gzip", "cache-control": "no-store" });
  await using to = await startPlatform();
  const imported = await importInto(to, archive, key);
  expect([imported.status, imported.json.values]).toEqual([200, 1]);
  expect((await to.ask("POST", "/up", "abc")).text).toBe("ABC");
  expect((await to.ask("GET", "/a")).headers["content-type"]).toBe("text/css");
  expect(await count(to)).toBe("3");
  const listOf = async (platform: StartedPlatform) => (await platform.admin("GET", "admin/list")).json;
  expect(await listOf(to)).toEqual(await listOf(from));
  expect((await to.admin("POST", "function/rollback", { name: "uppercase" })).status).toBe(200);
  const again = await importInto(to, archive, key);
  expect([again.status, again.json.detail]).toEqual([412, expect.stringMatching(/not empty.*nothing was imported/)]);
  // Its tokens are its own.
  expect((await to.admin("GET", "admin/status", undefined, from.token)).status).toBe(401);
  expect(gunzipSync(archive).includes(from.token)).toBe(false);
});

/** The files of a backup. */
async function unpacked(archive: Uint8Array): Promise<Map<string, Buffer>> {
  const reader = extract();
  reader.end(gunzipSync(archive));
  const files = new Map<string, Buffer>();
  for await (const entry of reader) files.set(entry.header.name, await buffer(entry));
  return files;
}

async function packed(files: ReadonlyMap<string, Buffer>, link?: string): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, bytes] of files) tar.entry({ name }, bytes);
  if (link !== undefined) tar.entry({ name: link, type: "symlink", linkname: "/etc/passwd" });
  tar.finalize();
  return gzipSync(await buffer(tar));
}

test("a schedule goes on where it was imported, from then on", async () => {
  await using from = await startPlatform();
  await from.register("counter", moduleOf("counter"));
  const plug = { cron: "* * * * * *", name: "counter", start_function: "count", data: "ticks" };
  await from.admin("POST", "schedule/plug", plug);
  const { archive, key } = await exportOf(from);
  await using to = await startPlatform();
  expect((await importInto(to, archive, key)).status).toBe(200);
  const before = Number(await count(to, "ticks"));
  let own = 0;
  const look = async () => {
    own++;
    expect(Number(await count(to, "ticks"))).toBeGreaterThan(before + own);
  };
  await vi.waitFor(look, { timeout: 15_000, interval: 200 });
});

test("what is not as it was signed is refused, and nothing is changed", async () => {
  await using from = await startFilled();
  const { archive, key } = await exportOf(from);
  await using to = await startPlatform({ maxImportBytes: 2_000_000 });
  const refuse = async (bytes: Uint8Array, shown: string, why: RegExp) => {
    const { status, json } = await importInto(to, bytes, shown);
    expect([status >= 400, json.detail]).toEqual([true, expect.stringMatching(why)]);
  };
  const files = await unpacked(archive);
  const changed = (change: (files: Map<string, Buffer>) => unknown) => {
    const copy = new Map(files);
    change(copy);
    return packed(copy);
  };
  const blob = [...files.keys()].find((name) => name.startsWith("blobs/")) ?? "";
  const flipped = Buffer.from(files.get(blob) ?? "");
  flipped[10] = (flipped[10] ?? 0) ^ 1;
  await refuse(await changed((copy) => copy.set(blob, flipped)), key, /is not what was signed/);
  const manifest = JSON.parse((files.get("manifest.json") ?? "").toString());
  const forged = Buffer.from(JSON.stringify({ ...manifest, at: new Date(0).toISOString() }));
  await refuse(await changed((copy) => copy.set("manifest.json", forged)), key, /not signed by this key/);
  await refuse(await changed((copy) => copy.delete(blob)), key, /is not what was signed/);
  await refuse(
    await changed((copy) => copy.set(`blobs/${"0".repeat(64)}`, flipped)),
    key,
    /files that were not signed/,
  );
  await refuse(await changed((copy) => copy.set("../out", flipped)), key, /"\.\.\/out" is no name/);
  await refuse(await changed((copy) => copy.set("../kept.json", flipped)), key, /"\.\.\/kept\.json" is no name/);
  await refuse(await changed((copy) => copy.set("kept.json.js", flipped)), key, /"kept\.json\.js" is no name/);
  await refuse(await packed(files, "blobs/link"), key, /is a symlink/);
  await refuse(archive.subarray(0, archive.length / 2), key, /no tar\.gz, or cut off/);
  await refuse(gzipSync(Buffer.alloc(50_000_000)), key, /unpacks to more than 2000000/);
  const other = generateKeyPairSync("ed25519");
  const otherKey = other.publicKey.export({ type: "spki", format: "der" }).toString("base64url");
  await refuse(archive, otherKey, /not signed by this key/);
  const resigned = sign(null, files.get("manifest.json") ?? Buffer.alloc(0), other.privateKey);
  await refuse(await changed((copy) => copy.set("manifest.sig", resigned)), key, /not signed by this key/);
  await refuse(archive, "nonsense", /The key is none/);
  expect((await to.admin("GET", "admin/list")).json).toEqual({ modules: [], routes: [], filters: [], schedules: [] });
  expect((await importInto(to, archive, key)).status).toBe(200);
});

test("a backup that is made while guests write is of one moment", async () => {
  await using from = await startPlatform();
  await from.register("counter", moduleOf("counter"));
  let isOver = false;
  let rounds = 0;
  const writing = (async () => {
    for (; !isOver; rounds++) for (const page of ["/first", "/second"]) await count(from, page);
  })();
  await vi.waitUntil(() => rounds >= 3, { timeout: 10_000 });
  const exported = await from.admin("GET", "admin/export-database");
  isOver = true;
  await writing;
  expect(exported.status).toBe(200);
  await using to = await startPlatform();
  const { key } = (await from.admin("GET", "admin/status")).json;
  expect((await importInto(to, exported.body, key)).status).toBe(200);
  // The second is written after the first, and before the next: of one moment, they are the same or one apart.
  const [first, second] = [Number(await count(to, "/first")), Number(await count(to, "/second"))];
  expect(second).toBeGreaterThan(3);
  expect([0, 1]).toContain(first - second);
});
