import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { files, http } from "../../src/index.ts";
import { type Served, say, serve } from "../serve.ts";

let folder: string;
let web: Served;

beforeAll(async () => {
  const top = mkdtempSync(join(import.meta.dirname, ".http-files-"));
  folder = join(top, "public");
  mkdirSync(join(folder, "sub"), { recursive: true });
  mkdirSync(join(folder, "empty"));
  writeFileSync(join(top, "secret.txt"), "the secret");
  writeFileSync(join(folder, "index.html"), "<h1>top</h1>");
  writeFileSync(join(folder, "sub/index.html"), "<h1>sub</h1>");
  writeFileSync(join(folder, "app-8f3Ac912.js"), "1");
  writeFileSync(join(folder, "digits.txt"), "0123456789");
  writeFileSync(join(folder, "nothing.css"), "");
  writeFileSync(join(folder, ".env"), "PASSWORD=1");
  writeFileSync(join(folder, "ä ö.txt"), "umlauts");
  symlinkSync(join(top, "secret.txt"), join(folder, "out.txt"));
  symlinkSync(top, join(folder, "up"));
  symlinkSync(join(folder, "digits.txt"), join(folder, "in.txt"));
  const path = relative(import.meta.dirname, folder);
  web = await serve({ "/assets/*": files(path), "/app/*": files(path, { spa: true, maxAgeSeconds: 60 }) });
});

afterAll(async () => {
  await web?.[Symbol.asyncDispose]();
  rmSync(join(folder, ".."), { recursive: true, force: true });
});

const ask = (path: string, headers: Record<string, string> = {}) => web.fetch(path, { headers });

test("a file has its type, its length, a tag, and is not kept unless its name has a hash", async () => {
  const text = await ask("/assets/digits.txt");
  expect(await text.text()).toBe("0123456789");
  expect(Object.fromEntries(text.headers)).toMatchObject({
    "content-type": "text/plain; charset=utf-8",
    "content-length": "10",
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
  });
  expect((await ask("/assets/app-8f3Ac912.js")).headers.get("cache-control")).toBe(
    "public, max-age=31536000, immutable",
  );
  expect((await ask("/app/digits.txt")).headers.get("cache-control")).toBe("public, max-age=60");
  expect(await (await ask("/assets/%C3%A4%20%C3%B6.txt")).text()).toBe("umlauts");
  expect((await ask("/assets/nothing.css")).status).toBe(200);
  expect(await (await ask("/assets/in.txt")).text()).toBe("0123456789");
});

test("index.html stands for its folder, which ends in a slash", async () => {
  expect(await (await ask("/assets/")).text()).toBe("<h1>top</h1>");
  expect(await (await ask("/assets")).text()).toBe("<h1>top</h1>");
  const sub = await ask("/assets/sub?x=1");
  expect([sub.status, sub.headers.get("location")]).toEqual([308, "/assets/sub/?x=1"]);
  expect(await (await ask("/assets/sub/")).text()).toBe("<h1>sub</h1>");
  for (const path of ["/assets/empty", "/assets/empty/", "/assets/digits.txt/", "/assets/none"]) {
    expect([path, (await ask(path)).status]).toEqual([path, 404]);
  }
  expect(await (await ask("/app/some/page")).text()).toBe("<h1>top</h1>");
  expect((await ask("/app/some/picture.png")).status).toBe(404);
});

test.each([
  "/assets/../secret.txt",
  "/assets/%2e%2e/secret.txt",
  "/assets/..%2fsecret.txt",
  "/assets/%2e%2e%2fsecret.txt",
  "/assets/..%5csecret.txt",
  "/assets/..\\secret.txt",
  "/assets/sub/../../secret.txt",
  "/assets/sub/..%2f..%2fsecret.txt",
  "/assets/%252e%252e/secret.txt",
  "/assets/%252e%252e%252fsecret.txt",
  "/assets/..%00/secret.txt",
  "/assets/%c0%ae%c0%ae/secret.txt",
  "/assets/%e0%80%ae%e0%80%ae/secret.txt",
  "/assets/..;/secret.txt",
  "/assets//../secret.txt",
  "/assets/./../secret.txt",
  "/assets/....//secret.txt",
  "/assets/%uff0e%uff0e/secret.txt",
  "/assets/out.txt",
  "/assets/up/secret.txt",
  "/assets/up",
  "/assets/.env",
  "/assets/%2eenv",
  "/assets/sub/%2e%2e%2f.env",
  `/assets//etc/passwd`,
  "/assets/%2fetc%2fpasswd",
  "/assets/C:%5cwindows",
])("%s gets nothing of what is not to be had", async (path) => {
  const answer = await say(web.port, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 (?:400|404|308) /);
  expect(answer).not.toMatch(/the secret|PASSWORD|root:/);
});

test("what the client has is not sent again", async () => {
  const first = await ask("/assets/digits.txt");
  const tag = first.headers.get("etag") ?? "";
  const changed = first.headers.get("last-modified") ?? "";
  expect((await ask("/assets/digits.txt", { "if-none-match": tag })).status).toBe(304);
  expect((await ask("/assets/digits.txt", { "if-modified-since": changed })).status).toBe(304);
  expect((await ask("/assets/digits.txt", { "if-none-match": '"x"', "if-modified-since": changed })).status).toBe(200);
});

test.each([
  ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
  ["bytes=7-", 206, "789", "bytes 7-9/10"],
  ["bytes=-2", 206, "89", "bytes 8-9/10"],
  ["bytes=8-100", 206, "89", "bytes 8-9/10"],
  ["bytes=-100", 206, "0123456789", "bytes 0-9/10"],
  ["bytes=10-", 416, "", "bytes */10"],
  ["bytes=-0", 416, "", "bytes */10"],
  ["bytes=3-1", 200, "0123456789", null],
  ["bytes=0-1,3-4", 200, "0123456789", null],
  ["lines=1-2", 200, "0123456789", null],
])("of %s comes %i", async (range, status, body, said) => {
  const answer = await ask("/assets/digits.txt", { range });
  expect([answer.status, await answer.text(), answer.headers.get("content-range")]).toEqual([status, body, said]);
});

test("a range of another version is the whole", async () => {
  expect((await ask("/assets/digits.txt", { range: "bytes=0-1", "if-range": '"other"' })).status).toBe(200);
});

test("files are read alone", async () => {
  const answer = await web.fetch("/assets/digits.txt", { method: "DELETE" });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const head = await web.fetch("/assets/digits.txt", { method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
});

test("a folder outside of the app's is refused where it is declared", () => {
  expect(() => http({ "/x/*": files(tmpdir()) })).toThrow(/"\/tmp" should be a path/);
});
