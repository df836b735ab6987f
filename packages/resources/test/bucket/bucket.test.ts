import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { bucket } from "@hadron/resources";
import { expect, test } from "vitest";

const photos = bucket("photos", { maxBytes: 8 * 1024 * 1024 });
const shop = service("shop", () => 1, { uses: [photos] });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items);
}

test("what is put as text, bytes, Blob or stream comes back, with its type, size and etag", async () => {
  await using app = await start(shop);
  expect(app.topology.resources).toMatchObject([{ kind: "bucket", name: "photos", keeper: "hadron.files" }]);
  const bytes = randomBytes(700_001);
  for (const body of [
    bytes,
    new Blob([bytes]),
    Readable.from([bytes.subarray(0, 5), bytes.subarray(5)]),
    new Blob([bytes]).stream(),
  ]) {
    const info = await photos.put("a/b.png", body, { contentType: "image/png" });
    expect(info).toMatchObject({ key: "a/b.png", bytes: 700_001, contentType: "image/png" });
    expect(info.etag).toBe(createHash("sha256").update(bytes).digest("base64url"));
    const found = await photos.get("a/b.png");
    expect(found).toMatchObject({ bytes: 700_001, contentType: "image/png", etag: info.etag });
    expect(Buffer.compare((await found?.bytesOf()) ?? Buffer.alloc(0), bytes)).toBe(0);
  }
  await photos.put("empty", "");
  expect(await (await photos.get("empty"))?.text()).toBe("");
  await photos.put("text", "grüße");
  expect(await (await photos.get("text"))?.text()).toBe("grüße");
  expect(await photos.get("nothing")).toBeUndefined();
  expect(await photos.head("nothing")).toBeUndefined();
});

test("a range is those bytes, over the edges of blocks; one that begins behind the end is refused", async () => {
  await using _app = await start(shop);
  const bytes = randomBytes(600_000);
  await photos.put("it", bytes);
  for (const range of [
    { start: 0, end: 0 },
    { start: 262_140, end: 262_150 },
    { start: 599_999 },
    { start: 10, end: 9_999_999 },
  ]) {
    const found = await photos.get("it", { range });
    const wanted = bytes.subarray(range.start, (range.end ?? bytes.length) + 1);
    expect(Buffer.compare((await found?.bytesOf()) ?? Buffer.alloc(0), wanted)).toBe(0);
  }
  await expect(photos.get("it", { range: { start: 600_000 } })).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

test("conditions: only where there is none, only over this one; deletes, too", async () => {
  await using _app = await start(shop);
  const { etag } = await photos.put("k", "1", { ifNoneMatch: "*" });
  await expect(photos.put("k", "2", { ifNoneMatch: "*" })).rejects.toMatchObject({ code: "ABORTED" });
  const second = await photos.put("k", "2", { ifMatch: etag });
  await expect(photos.put("k", "3", { ifMatch: etag })).rejects.toMatchObject({ code: "ABORTED" });
  await expect(photos.delete("k", { ifMatch: etag })).rejects.toMatchObject({ code: "ABORTED" });
  expect(await photos.delete("k", { ifMatch: second.etag })).toBe(true);
  expect(await photos.delete("k")).toBe(false);
  // Of several at once one is first.
  const tries = await Promise.allSettled([1, 2, 3, 4].map((n) => photos.put("race", `${n}`, { ifNoneMatch: "*" })));
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("lists go by the bytes of UTF-8, by prefix, and fold what has a common beginning", async () => {
  await using _app = await start(shop);
  const keys = ["a", "a/1", "a/2", "a/b/1", "b/1", "b/2", "ä", "𝄞", "｡"];
  await Promise.all(keys.map((key) => photos.put(key, key)));
  const names = async (options: Parameters<typeof photos.list>[0]) =>
    (await all(photos.list(options))).map((found) => ("key" in found ? found.key : `${found.prefix}*`));
  expect(await names({})).toEqual(["a", "a/1", "a/2", "a/b/1", "b/1", "b/2", "ä", "｡", "𝄞"]);
  expect(await names({ delimiter: "/" })).toEqual(["a", "a/*", "b/*", "ä", "｡", "𝄞"]);
  expect(await names({ prefix: "a/", delimiter: "/" })).toEqual(["a/1", "a/2", "a/b/*"]);
  expect(await names({ delimiter: "/", after: "a/" })).toEqual(["b/*", "ä", "｡", "𝄞"]);
  expect(await names({ after: "b/1", prefix: "b" })).toEqual(["b/2"]);
});

test("an object above maxBytes is TOO_LARGE, one whose stream fails is not stored, and the one before stays", async () => {
  await using _app = await start(shop);
  await photos.put("k", "before");
  const chunk = new Uint8Array(1024 * 1024);
  await expect(photos.put("k", Readable.from(Array(9).fill(chunk)))).rejects.toMatchObject({ code: "TOO_LARGE" });
  const failing = async function* () {
    yield chunk;
    throw new Error("the camera fell down");
  };
  await expect(photos.put("k", failing())).rejects.toThrow();
  expect(await (await photos.get("k"))?.text()).toBe("before");
});

test("who reads an object that is replaced or deleted meanwhile reads the old one to its end", async () => {
  await using _app = await start(shop);
  const bytes = randomBytes(3_000_000);
  await photos.put("k", bytes);
  const found = await photos.get("k");
  await photos.put("k", "new");
  await photos.delete("k");
  expect(Buffer.compare((await found?.bytesOf()) ?? Buffer.alloc(0), bytes)).toBe(0);
});

test("keys with strange characters are keys; those that cannot be told apart are refused", async () => {
  await using _app = await start(shop);
  for (const key of ["../../etc/passwd", "a b?c=d&e#f%00", "\n\t", "𝄞", "x".repeat(1024), "CON", "."]) {
    await photos.put(key, key);
    expect(await (await photos.get(key))?.text()).toBe(key);
  }
  for (const key of ["", "\0", "\ud800"])
    await expect(photos.put(key, "")).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(photos.put("x".repeat(1025), "")).rejects.toMatchObject({ code: "TOO_LARGE" });
  await expect(photos.put("k", 5 as never)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(photos.put("k", "", { contentType: "nonsense" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

test("objects outlive the replica that keeps them, and only who uses a bucket has it", async () => {
  const spy = service("spy", async () => (await photos.get("k"))?.text());
  const user = service("user", async () => (await photos.get("k"))?.text(), { uses: [photos] });
  await using app = await start(shop, spy, user);
  await photos.put("k", "kept");
  app.replica("hadron.files").kill({ away: true });
  app.replica("hadron.files").restart();
  expect(await user()).toBe("kept");
  await expect(spy()).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
});
