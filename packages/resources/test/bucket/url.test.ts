import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { service } from "@hadron/core";
import { isStream, type WebAnswer } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { bucket } from "@hadron/resources";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Shell } from "../../../core/test/cli/e2e/shell.ts";
import type { UrlGrant } from "../../src/bucket/contract/url-grant.ts";
import { FolderDriver } from "../../src/bucket/folder/driver.ts";
import { serveObjects } from "../../src/bucket/web/serve-objects.ts";
import { toSignedUrl } from "../../src/bucket/web/signed-url.ts";

let folder: string;
let driver: FolderDriver;
let now = 1_000_000;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "hadron-urls-"));
  driver = await FolderDriver.open({ folder, now: () => now, newName: () => crypto.randomUUID() });
});
afterEach(async () => {
  await driver.close();
  rmSync(folder, { recursive: true, force: true });
});

async function* bytes(text: string) {
  yield Buffer.from(text);
}

function sign(grant: Partial<UrlGrant> = {}, secret = "s"): string {
  const usual = { bucket: "b", key: "a/1.txt", method: "GET", expiresAt: now + 1000 } as const;
  const url = toSignedUrl(secret, "https://files.test/x/", {
    ...usual,
    contentType: undefined,
    maxBytes: undefined,
    ...grant,
  });
  return url.slice("https://files.test".length);
}

async function ask(
  url: string,
  { method = "GET", headers = {} as Record<string, string>, body = undefined as string | undefined } = {},
) {
  const head = { method, url, headers: Object.entries(headers).flat(), ...(body === undefined ? {} : { body }) };
  const output = await serveObjects({ driver, secret: "s", now: () => now }, head);
  const items = isStream(output) ? await Array.fromAsync(output as AsyncIterable<WebAnswer | Uint8Array>) : [output];
  const { status, headers: fields, body: whole = "" } = items[0] as WebAnswer;
  const rest = Buffer.concat(items.slice(1) as Uint8Array[]).toString();
  const found: Record<string, string> = {};
  for (let at = 0; at < fields.length; at += 2) found[fields[at] ?? ""] = fields[at + 1] ?? "";
  return { status, headers: found, text: whole + rest };
}

test("a signed URL gives the object as HTTP has it: whole, in part, its head, unchanged", async () => {
  const { etag } = await driver.put("b", "a/1.txt", bytes("0123456789"), { contentType: "text/plain", maxBytes: 99 });
  const whole = await ask(sign());
  expect(whole).toMatchObject({
    status: 200,
    text: "0123456789",
    headers: {
      "content-type": "text/plain",
      "content-length": "10",
      etag: `"${etag}"`,
      "cache-control": "private, max-age=1",
    },
  });
  expect(await ask(sign(), { headers: { Range: "bytes=2-4" } })).toMatchObject({
    status: 206,
    text: "234",
    headers: { "content-range": "bytes 2-4/10", "content-length": "3" },
  });
  expect((await ask(sign(), { headers: { range: "bytes=-3" } })).text).toBe("789");
  expect(await ask(sign(), { headers: { range: "bytes=10-" } })).toMatchObject({ status: 416, text: "" });
  expect(await ask(sign(), { headers: { range: "bytes=2-4", "if-range": '"other"' } })).toMatchObject({
    status: 200,
    text: "0123456789",
  });
  expect(await ask(sign(), { method: "HEAD" })).toMatchObject({
    status: 200,
    text: "",
    headers: { "content-length": "10" },
  });
  expect(await ask(sign(), { headers: { "if-none-match": `"${etag}"` } })).toMatchObject({ status: 304, text: "" });
  expect(await ask(sign({ key: "no" }))).toMatchObject({ status: 404 });
  await driver.put("b", "a/1.txt", bytes("<script>"), { contentType: "text/html", maxBytes: 99 });
  expect((await ask(sign())).headers["content-security-policy"]).toBe("sandbox");
});

test("a URL that was changed, made with another secret, for another method, or is over is 403", async () => {
  await driver.put("b", "a/1.txt", bytes("x"), { contentType: "text/plain", maxBytes: 99 });
  await driver.put("b", "a/2.txt", bytes("x"), { contentType: "text/plain", maxBytes: 99 });
  const good = sign();
  for (const url of [
    good.replace("1.txt&", "2.txt&"),
    good.replace(/expires=\d+/, "expires=9999999999999"),
    good.replace("method=GET", "method=PUT"),
    good.replace(/signature=./, "signature=_"),
    good.replace(/&signature=.*/, ""),
    `${good}&object=b/a/2.txt`,
    `${good}&more=1`,
    sign({}, "other"),
    "/x/1.txt",
  ]) {
    expect([url, (await ask(url)).status]).toEqual([url, 403]);
  }
  expect((await ask(good, { method: "PUT", body: "y" })).status).toBe(403);
  expect((await ask(good, { method: "DELETE" })).status).toBe(403);
  // Written otherwise, it says the same.
  expect((await ask(good.replace("/x/1.txt", "/behind/a/proxy").replaceAll("%2F", "/"))).status).toBe(200);
  const first = now;
  now += 999;
  expect((await ask(good)).status).toBe(200);
  now += 1;
  expect(await ask(good)).toMatchObject({ status: 403, text: expect.stringContaining("was good until") });
  now = first;
});

test("a URL for PUT stores what is sent, of its type and size alone; pages of other sites may use it", async () => {
  const url = sign({ method: "PUT", contentType: "image/png", maxBytes: 4 });
  const headers = { "content-type": "image/png" };
  expect((await ask(url, { method: "PUT", headers: { "content-type": "text/html" }, body: "x" })).status).toBe(403);
  expect((await ask(url, { method: "PUT", headers, body: "12345" })).status).toBe(413);
  expect((await ask(url)).status).toBe(403);
  expect(await driver.head("b", "a/1.txt")).toBeUndefined();
  const stored = await ask(url, { method: "PUT", headers, body: "1234" });
  expect([stored.status, JSON.parse(stored.text)]).toMatchObject([
    200,
    { key: "a/1.txt", bytes: 4, contentType: "image/png" },
  ]);
  expect(await driver.head("b", "a/1.txt")).toMatchObject({ bytes: 4, contentType: "image/png" });
  expect(await ask(url, { method: "OPTIONS" })).toMatchObject({
    status: 204,
    headers: { "access-control-allow-origin": "*" },
  });
});

test("any key has a URL of its own", async () => {
  for (const key of ["../../etc/passwd", "a b?c=d&e#f%00+", "\n\t", "𝄞", "x".repeat(1024), ".", "/", "a//b/"]) {
    await driver.put("b", key, bytes(key), { contentType: "text/plain", maxBytes: 9999 });
    const { pathname, search } = new URL(sign({ key }), "http://x");
    expect(await ask(pathname + search)).toMatchObject({ status: 200, text: key });
  }
});

test("what cannot be a URL is refused, and where nobody outside can come, the line to add is said", async () => {
  const photos = bucket("photos");
  await using app = await start(service("shop", () => 1, { uses: [photos] }));
  expect(app.topology.services.find(({ name }) => name === "hadron.files")?.exposed).toBeNull();
  await expect(photos.url("k")).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("expose"),
  });
  for (const options of [
    { ttlMs: 0 },
    { ttlMs: 8 * 86_400_000 },
    { method: "DELETE" as never },
    { contentType: "image/png" },
  ])
    await expect(photos.url("k", options)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  const two = [bucket("a", { expose: { port: 8080 } }), bucket("b", { expose: { port: 8081 } })];
  await expect(start(service("shop", () => 1, { uses: two }))).rejects.toMatchObject({
    code: "INVALID_DECLARATION",
    message: expect.stringContaining('bucket("a")'),
  });
});

test("a URL works from outside of a deployed app, and nothing else of what keeps objects can be reached there", {
  timeout: 60_000,
}, async () => {
  await using shell = new Shell();
  const app = [join(import.meta.dirname, "apps/photos.ts")];
  const flags = [`--data-dir=${folder}/data`];
  const up = shell.type([...app, "up", ...flags]);
  await up.says("err", "shop link");
  const ask = async (options: object) => {
    const { out, err } = await shell.run([...app, "call", "shop", "link", JSON.stringify(options), "--json", ...flags]);
    expect(err).toBe("");
    return JSON.parse(out) as string;
  };
  const link = await ask({ ttlMs: 60_000 });
  const answer = await fetch(link, { headers: { range: "bytes=4-" } });
  expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([206, "text/css", "kept"]);
  const upload = await ask({ method: "PUT" });
  expect((await fetch(upload, { method: "PUT", body: "x".repeat(3_000_000) })).status).toBe(200);
  expect((await (await fetch(link)).text()).length).toBe(3_000_000);
  expect((await fetch(link.replace("GET", "PUT"), { method: "PUT", body: "y" })).status).toBe(403);
  const call = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "drop", params: [{ name: "photos" }] });
  const rpc = await fetch(new URL("/", link), {
    method: "POST",
    body: call,
    headers: { "content-type": "application/json" },
  });
  expect(rpc.status).toBe(403);
});
