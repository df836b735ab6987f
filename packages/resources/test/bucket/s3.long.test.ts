import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@hadron/core/spi";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { root, Shell } from "../../../core/test/cli/e2e/shell.ts";
import { S3Driver } from "../../src/bucket/s3/driver.ts";
import { FilesKeeper } from "../../src/bucket/service/keeper.ts";

// HADRON_TEST_S3_URL names an empty bucket of any server, as --s3 takes it. Else moto's server is asked, where Python has it, which checks no
// signatures.
const given = process.env.HADRON_TEST_S3_URL;
const hasMoto = spawnSync("moto_server", ["--help"]).status === 0;
vi.setConfig({ testTimeout: 60_000 });
const folder = mkdtempSync(join(tmpdir(), "hadron-s3-"));
let moto: ChildProcess | undefined;
let url = given ?? "";
beforeAll(async () => {
  if (given !== undefined) return;
  if (!hasMoto) throw new Error("There is no S3 server to ask: pip install 'moto[server]', or say HADRON_TEST_S3_URL.");
  const port = await freePort();
  moto = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  url = `http://key:secret@127.0.0.1:${port}/shop-data/some/where`;
  const bucket = `http://127.0.0.1:${port}/shop-data`;
  await vi.waitFor(() => fetch(bucket, { method: "PUT" }), { timeout: 30_000, interval: 200 });
}, 40_000);
afterAll(() => {
  moto?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

let apps = 0;
const open = (at = url, app = `app-${++apps}`, deployment = { id: "d1", adopt: false }) =>
  S3Driver.open({ variable: "S3_URL", url: at, app, deployment, clock: createSystemClock() });
const text = { contentType: "text/plain", maxBytes: Number.POSITIVE_INFINITY };
async function* bytes(...pieces: readonly (string | Uint8Array)[]) {
  for (const piece of pieces) yield Buffer.from(piece);
}
const read = async (driver: S3Driver, key: string, range?: { start: number; end?: number }) =>
  Buffer.concat(await Array.fromAsync((await driver.get("b", key, range))?.chunks ?? []));

test("objects of one request and of many parts come back, whole and in ranges, with type, size and etag", async () => {
  const driver = await open();
  const small = await driver.put("b", "a/small", bytes("grü", "ße"), text);
  expect(small).toMatchObject({ key: "a/small", bytes: 7, contentType: "text/plain" });
  expect(small.etag).toBe(createHash("md5").update("grüße").digest("hex"));
  expect(await driver.head("b", "a/small")).toMatchObject({ bytes: 7, contentType: "text/plain", etag: small.etag });
  expect((await read(driver, "a/small")).toString()).toBe("grüße");
  await driver.put("b", "empty", bytes(), text);
  expect(await read(driver, "empty")).toHaveLength(0);
  const content = randomBytes(18 * 1024 * 1024 + 5);
  const pieces = Array.from({ length: 19 }, (_, at) => content.subarray(at << 20, (at + 1) << 20));
  const large = await driver.put("b", "large", bytes(...pieces), { ...text, contentType: "image/png" });
  expect(large).toMatchObject({ bytes: content.length, contentType: "image/png" });
  expect(await driver.head("b", "large")).toMatchObject({ bytes: content.length, etag: large.etag });
  expect(Buffer.compare(await read(driver, "large"), content)).toBe(0);
  const part = await read(driver, "large", { start: 8_388_600, end: 8_388_700 });
  expect(Buffer.compare(part, content.subarray(8_388_600, 8_388_701))).toBe(0);
  expect((await driver.get("b", "large", { start: 5, end: 6 }))?.info.bytes).toBe(content.length);
  await expect(driver.get("b", "large", { start: content.length })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  expect(await driver.get("b", "nothing", undefined)).toBeUndefined();
  expect(await driver.head("b", "nothing")).toBeUndefined();
  expect(await driver.contents()).toEqual([{ bucket: "b", objects: 3, bytes: content.length + 7, more: false }]);
});

test("conditions hold, also where the server knows none, and of several at once one is first", async () => {
  const driver = await open();
  const { etag } = await driver.put("b", "k", bytes("1"), { ...text, ifNoneMatch: "*" });
  const aborted = { code: "ABORTED", message: expect.stringContaining('"k" of b is') };
  await expect(driver.put("b", "k", bytes("2"), { ...text, ifNoneMatch: "*" })).rejects.toMatchObject(aborted);
  const second = await driver.put("b", "k", bytes("2"), { ...text, ifMatch: etag });
  await expect(driver.put("b", "k", bytes("3"), { ...text, ifMatch: etag })).rejects.toMatchObject(aborted);
  await expect(driver.delete("b", "k", { ifMatch: etag })).rejects.toMatchObject(aborted);
  expect(await driver.delete("b", "k", { ifMatch: second.etag })).toBe(true);
  expect(await driver.delete("b", "k", {})).toBe(false);
  const tries = await Promise.allSettled(
    [1, 2, 3, 4].map((n) => driver.put("b", "race", bytes(`${n}`), { ...text, ifNoneMatch: "*" })),
  );
  expect(tries.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "rejected"]);
});

test("lists go by prefix, page by page, and fold what has a common beginning; keys are any text", async () => {
  const driver = await open();
  const keys = ["a", "a b+c", "a/1", "a/2", "a/b/1", "b/1", "b/2", "c?d=e&f#g%00", "d'(~)x!", "ä"];
  for (const key of keys) await driver.put("b", key, bytes(key), text);
  await driver.put("other", "a", bytes("x"), text);
  const names = async (page: Partial<Parameters<typeof driver.list>[1]>) =>
    (await driver.list("b", { prefix: "", most: 1000, ...page })).map((found) =>
      "key" in found ? found.key : `${found.prefix}*`,
    );
  expect(await names({})).toEqual(keys);
  expect(await names({ delimiter: "/" })).toEqual(["a", "a b+c", "a/*", "b/*", "c?d=e&f#g%00", "d'(~)x!", "ä"]);
  expect(await names({ prefix: "a/", delimiter: "/" })).toEqual(["a/1", "a/2", "a/b/*"]);
  expect(await names({ delimiter: "/", after: "a/" })).toEqual(["b/*", "c?d=e&f#g%00", "d'(~)x!", "ä"]);
  expect(await names({ after: "b/1", prefix: "b" })).toEqual(["b/2"]);
  expect(await names({ most: 2 })).toEqual(["a", "a b+c"]);
  const [first] = await driver.list("b", { prefix: "a", most: 1 });
  expect(first).toMatchObject({ key: "a", bytes: 1, etag: createHash("md5").update("a").digest("hex") });
  expect((await read(driver, "c?d=e&f#g%00")).toString()).toBe("c?d=e&f#g%00");
});

test("what is larger than allowed, or fails on its way, is not stored, and leaves no parts behind", async () => {
  const driver = await open();
  await driver.put("b", "k", bytes("before"), text);
  const chunk = new Uint8Array(9 * 1024 * 1024);
  const limited = { ...text, maxBytes: 20_000_000 };
  await expect(driver.put("b", "k", bytes(chunk, chunk, chunk), limited)).rejects.toMatchObject({ code: "TOO_LARGE" });
  const failing = async function* () {
    yield chunk;
    yield chunk;
    throw new Error("the camera fell down");
  };
  await expect(driver.put("b", "k", failing(), text)).rejects.toThrow("the camera fell down");
  expect((await read(driver, "k")).toString()).toBe("before");
});

test("URLs that the server signs let read and store from outside, until they are over", async () => {
  const driver = await open();
  const grant = { bucket: "b", key: "a/ü b.txt", contentType: undefined };
  const upload = await driver.url({ ...grant, method: "PUT", contentType: "text/plain" }, 60_000);
  const headers = { "content-type": "text/plain" };
  expect((await fetch(upload, { method: "PUT", body: "hello", headers })).status).toBe(200);
  expect(await driver.head("b", grant.key)).toMatchObject({ bytes: 5, contentType: "text/plain" });
  const link = await driver.url({ ...grant, method: "GET" }, 60_000);
  expect(await (await fetch(link)).text()).toBe("hello");
  if (given === undefined) return;
  expect((await fetch(link.replace("Signature=", "Signature=0"))).status).toBe(403);
  expect((await fetch(link, { method: "PUT", body: "evil" })).status).toBe(403);
});

test("a backup of a folder's kind goes in and out, and a bucket is dropped", async () => {
  const [from, to] = [await open(), await open()];
  for (const key of ["a", "ü/b"]) await from.put("b", key, bytes(key, "\n", "x".repeat(300_000)), text);
  const [keeper, other] = [from, to].map((driver) => new FilesKeeper(driver, driver.note("declared.json"), "s3")) as [
    FilesKeeper,
    FilesKeeper,
  ];
  expect(await keeper.kept()).toMatchObject({ declared: [], variant: "s3" });
  await keeper.declare([{ kind: "bucket", name: "b", options: {} }]);
  await other.restore(keeper.backup());
  expect((await other.kept()).things).toEqual((await keeper.kept()).things);
  expect((await keeper.kept()).declared).toEqual([{ kind: "bucket", name: "b", keeper: "hadron.files", options: {} }]);
  expect((await read(to, "ü/b")).toString()).toBe(`ü/b\n${"x".repeat(300_000)}`);
  await expect(other.restore(keeper.backup())).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  expect(await other.drop({ kind: "bucket", name: "b" })).toEqual({ dropped: true });
  expect((await other.kept()).things).toEqual([]);
});

test("objects of another deployment of an app of the same name are refused, and unharmed, until they are adopted", async () => {
  const driver = await open(url, "twice");
  await driver.put("b", "k", bytes("kept"), text);
  await open(url, "twice");
  const other = { id: "d2", adopt: false };
  await expect(open(url, "twice", other)).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringMatching(/"twice" belongs to another deployment.*\(d1; this one is d2\).*--adopt/),
  });
  const adopted = await open(url, "twice", { ...other, adopt: true });
  expect((await read(adopted, "k")).toString()).toBe("kept");
  await open(url, "twice", other);
  await expect(open(url, "twice")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
});

test("an app keeps its buckets on S3 where --s3 names the variable with its URL, and while it runs is refused without", {
  timeout: 90_000,
}, async () => {
  await using shell = new Shell();
  const command = ["env", `S3_URL=${url}`, process.execPath, join(root, "node_modules/tsx/dist/cli.mjs")];
  const words = (...more: string[]) => [
    join(import.meta.dirname, "apps/photos.ts"),
    ...more,
    `--data-dir=${folder}/data`,
  ];
  const up = shell.type(words("up", "--s3=S3_URL"), { command });
  await up.says("err", "shop link");
  const linked = await shell.run(words("call", "shop", "link", "{}", "--json"));
  expect(linked).toMatchObject({ status: 0, err: "" });
  // The app declares an address of its own: what it gives goes through that.
  expect(await (await fetch(JSON.parse(linked.out) as string)).text()).toBe("was kept");
  const driver = await open(url, "photos", { id: "d2", adopt: true });
  const found = await driver.get("photos", "a/site.css", undefined);
  expect(Buffer.concat(await Array.fromAsync(found?.chunks ?? [])).toString()).toBe("was kept");
  const kept = await shell.run(words("status", "--json"));
  expect(kept.out).not.toContain(new URL(url).password);
  const without = await shell.run(words("plan"));
  expect(without).toMatchObject({ status: 1, err: expect.stringContaining("say --s3 as in the last up") });
  up.signal("SIGINT");
  await up.ended;
});

test.runIf(given !== undefined)(
  "a wrong key, or a bucket that is not there, is told, and no secret with it",
  async () => {
    const { password, pathname } = new URL(given ?? "");
    const wrong = (text: string) => open((given ?? "").replace(text, "sesame"));
    await expect(wrong(password)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("SignatureDoesNotMatch"),
    });
    await expect(wrong(password)).rejects.not.toMatchObject({ message: expect.stringContaining("sesame") });
    await expect(wrong(pathname.split("/")[1] ?? "")).rejects.toMatchObject({
      message: expect.stringContaining("NoSuchBucket"),
    });
  },
);
