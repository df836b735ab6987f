import { extract } from "tar-stream";
import { expect, test } from "vitest";
import { firstOfTar, toTar } from "../../src/shared/tar.ts";

async function entriesOf(archive: Uint8Array) {
  const read = extract();
  read.end(archive);
  const entries: unknown[] = [];
  for await (const entry of read) {
    const { name, type, mode, uid, gid } = entry.header;
    const chunks = await Array.fromAsync(entry as AsyncIterable<Buffer>);
    entries.push({ name, type, mode, uid, gid, text: Buffer.concat(chunks).toString() });
  }
  return entries;
}

const deep = `${"long/".repeat(30)}file`;

test("an archive has owners, modes, folders on the way and paths of any length", async () => {
  const archive = toTar(
    [
      { path: "b/secret", content: Buffer.from("s"), owner: 1000, mode: 0o400 },
      { path: "a", content: Buffer.from("run"), executable: true },
      { path: deep, content: Buffer.alloc(512) },
    ],
    [{ path: "b", owner: 1000, mode: 0o500 }],
  );
  const entries = await entriesOf(archive);
  expect(entries).toContainEqual({ name: "b/", type: "directory", mode: 0o500, uid: 1000, gid: 1000, text: "" });
  expect(entries).toContainEqual({ name: "b/secret", type: "file", mode: 0o400, uid: 1000, gid: 1000, text: "s" });
  expect(entries).toContainEqual({ name: "a", type: "file", mode: 0o755, uid: 0, gid: 0, text: "run" });
  expect(entries).toContainEqual(expect.objectContaining({ name: deep, mode: 0o644 }));
  expect(entries.filter((entry) => (entry as { type: string }).type === "directory")).toHaveLength(31);
});

test("the same files in another order are the same archive; its first file can be read back", () => {
  const [a, b] = [
    { path: "a", content: Buffer.from("the content of a") },
    { path: "b", content: Buffer.from("b") },
  ];
  expect(toTar([a, b])).toEqual(toTar([b, a]));
  expect(firstOfTar(Buffer.from(toTar([a, b])))).toBe("the content of a");
});
