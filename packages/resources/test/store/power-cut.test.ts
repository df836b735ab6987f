import { expect, test } from "vitest";
import { readText, send, set, TestClient, TestTime } from "../../src/store/contract/suite/index.ts";
import { SqliteDriver } from "../../src/store/index.ts";
import { Disk } from "./disk.ts";

const KEYS = ["a", "b", "c", "d"];
const TURNS = 300;

/** Chance that is the same each time. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

test("after a power cut all is there that was acknowledged, and nobody was answered what is not", async () => {
  using disk = new Disk();
  const random = chance(7);
  const time = new TestTime();
  const driver = await SqliteDriver.open({ folder: disk.folder, time, syncOf: disk.syncOf, checkpointPages: 100 });
  const client = new TestClient(driver);
  const [acknowledged, seen] = [new Map<string, number>(), new Map<string, number>()];
  let [count, sent, isOver, last] = [0, 0, false, ""];
  const raise = (known: Map<string, number>, key: string, value: number) => {
    known.set(key, Math.max(known.get(key) ?? 0, value));
  };
  const keyOf = () => KEYS[Math.floor(random() * KEYS.length)] ?? "";
  const pause = () => new Promise((resolve) => setTimeout(resolve, random() * 2));
  const write = async () => {
    while (!isOver) {
      const [key, value] = [keyOf(), ++count];
      last = key;
      await client.outcomes(set("s", key, String(value)), send("q", String(value)));
      raise(acknowledged, key, value);
      sent++;
      await pause();
    }
  };
  let reads = 0;
  const read = async () => {
    while (!isOver) {
      const key = last;
      const value = Number((await readText(driver, "s", key)) ?? 0);
      raise(seen, key, value);
      reads++;
      await pause();
    }
  };
  const work = Promise.all([write(), write(), write(), read(), read()]);
  const end = async () => {
    isOver = true;
    await work;
    await driver.close();
  };
  await using _ = { [Symbol.asyncDispose]: end };
  for (let cuts = 0; cuts < 12; cuts++) {
    for (let turn = 0; turn < TURNS / 12; turn++) await pause();
    const folder = disk.cut(random);
    const [known, answered, before] = [new Map(acknowledged), new Map(seen), sent];
    const after = await SqliteDriver.open({ folder, time: new TestTime() });
    for (const key of KEYS) {
      const there = Number((await readText(after, "s", key)) ?? 0);
      expect(there).toBeGreaterThanOrEqual(known.get(key) ?? 0);
      expect(there).toBeGreaterThanOrEqual(answered.get(key) ?? 0);
    }
    const { waiting } = await after.read({ kind: "queue", queue: "q" });
    expect(waiting).toBeGreaterThanOrEqual(before);
    await after.close();
  }
  expect(reads).toBeGreaterThan(100);
});

test("what is read waits for the disk only where that has to keep it yet", async () => {
  using disk = new Disk();
  const driver = await SqliteDriver.open({ folder: disk.folder, time: new TestTime(), syncOf: disk.syncOf });
  const client = new TestClient(driver);
  await client.do(set("s", "quiet", "v"));
  const writing = client.do(set("s", "busy", "v"));
  const get = (key: string) => driver.read({ kind: "get", store: "s", keys: [key] });
  expect(get("quiet")).toMatchObject([{ key: "quiet" }]);
  const busy = get("busy");
  expect(busy).toBeInstanceOf(Promise);
  const listed = driver.read({ kind: "list", store: "s", prefix: "", after: undefined, most: 10 });
  expect(listed).toBeInstanceOf(Promise);
  await writing;
  expect(await busy).toMatchObject([{ key: "busy" }]);
  expect(await listed).toHaveLength(2);
  expect(get("busy")).toMatchObject([{ key: "busy" }]);
  await driver.close();
});

test("commits go on while the disk is waited for, and one sync keeps all that came meanwhile", async () => {
  using disk = new Disk();
  const driver = await SqliteDriver.open({ folder: disk.folder, time: new TestTime(), syncOf: disk.syncOf });
  const client = new TestClient(driver);
  const executed: number[] = [];
  const commits = Array.from({ length: 10 }, (_, n) => {
    const operations = [set("s", `k${n}`, "v")];
    return driver.commit([{ client: "c", number: n + 1, settled: 1, operations }], () => executed.push(n));
  });
  expect(executed).toHaveLength(10);
  await Promise.all(commits);
  expect(disk.syncs).toBe(2);
  await client.do(set("s", "k", "v"));
  expect(disk.syncs).toBe(3);
  await driver.close();
});

test("a disk that fails to keep something once is not asked again: all that comes later fails", async () => {
  using disk = new Disk();
  const failures: string[] = [];
  const failed = ({ code }: { code: string }) => failures.push(code);
  const options = { folder: disk.folder, time: new TestTime(), syncOf: disk.syncOf };
  const driver = await SqliteDriver.open({ ...options, failed });
  const client = new TestClient(driver);
  await client.do(set("s", "kept", "v"));
  disk.fails = true;
  const unavailable = { code: "UNAVAILABLE", message: expect.stringMatching(/EIO/) };
  const lost = client.do(set("s", "lost", "v"));
  const behind = client.do(set("s", "behind", "v"));
  await expect(lost).rejects.toMatchObject(unavailable);
  await expect(behind).rejects.toMatchObject(unavailable);
  disk.fails = false;
  await expect(client.do(set("s", "later", "v"))).rejects.toMatchObject(unavailable);
  expect(() => driver.read({ kind: "get", store: "s", keys: ["kept"] })).toThrow(/EIO/);
  expect(failures).toEqual(["UNAVAILABLE"]);
  expect(disk.syncs).toBe(2);
  await driver.close();
  const again = await SqliteDriver.open(options);
  expect(await readText(again, "s", "kept")).toBe("v");
  await again.close();
});
