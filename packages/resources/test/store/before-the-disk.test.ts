import { expect, test } from "vitest";
import { claim, readText, send, set, TestClient, TestTime } from "../../src/store/contract/suite/index.ts";
import { SqliteDriver, StoreServer } from "../../src/store/index.ts";
import { settle } from "../local-link.ts";
import { Disk } from "./disk.ts";

const LEASE_MS = 15_000;
const HOUR = 3_600_000;
const NEVER = new AbortController().signal;

function acquire(holder: string, lock = "l", leaseMs = LEASE_MS) {
  return { kind: "acquire", lock, holder, leaseMs } as const;
}

/** A store on a disk that keeps nothing from now on. */
async function start(disk: Disk, time: TestTime) {
  const open = (folder: string, boot: string) =>
    SqliteDriver.open({ folder, time, boot: () => boot, ...(folder === disk.folder ? { syncOf: disk.syncOf } : {}) });
  const driver = await open(disk.folder, "first");
  const server = new StoreServer(driver, time, "server");
  await new TestClient(driver).do(set("s", "k", "kept"));
  return { driver, server, open };
}

async function tokenOf(server: StoreServer, holder: string, lock?: string): Promise<number> {
  const result = await server.acquire(acquire(holder, lock), 0, NEVER);
  if (!("token" in result)) throw new Error(`${lock} is held by ${result.heldBy}`);
  return result.token;
}

test("a lock is had and given back while the disk is busy, and outlives a kill of the store", async () => {
  using disk = new Disk();
  const time = new TestTime();
  const { server, open } = await start(disk, time);
  disk.hangs = true;
  const first = await tokenOf(server, "a");
  await server.together([{ kind: "renew", lock: "l", token: first, leaseMs: LEASE_MS }]);
  await server.together([{ kind: "release", lock: "l", token: first }]);
  const second = await tokenOf(server, "b");
  expect(disk.syncs).toBe(1);
  const again = await open(disk.killed(), "first");
  const client = new TestClient(again, "again");
  expect(again.read({ kind: "lock", lock: "l" })).toMatchObject({ holder: "b", token: second });
  disk.hangs = false;
  expect(await client.do(acquire("c"))).toMatchObject({ heldBy: "b" });
  expect(await client.do(acquire("c", "other"))).toMatchObject({ token: expect.any(Number) });
  await again.close();
});

test("after a power cut no lock is given while one that was forgotten may be held, and no token comes again", async () => {
  using disk = new Disk();
  const time = new TestTime();
  const { server, open } = await start(disk, time);
  const kept = await tokenOf(server, "a", "kept");
  await server.together([set("s", "k", "with it")]);
  disk.hangs = true;
  await tokenOf(server, "b");
  const lost = await tokenOf(server, "c", "other");
  const folder = disk.cut(() => 1);
  disk.hangs = false;
  const after = await open(folder, "second");
  const client = new TestClient(after, "after");
  expect(after.read({ kind: "lock", lock: "l" })).toBeUndefined();
  expect(await client.do(acquire("d"))).toMatchObject({ forMs: 16_000 });
  // What is known to be held goes on.
  await client.do({ kind: "renew", lock: "kept", token: kept, leaseMs: LEASE_MS });
  time.advance(15_999);
  expect(await client.do(acquire("d"))).toMatchObject({ forMs: 1 });
  time.advance(1);
  const next = await client.do(acquire("d"));
  expect(next).toMatchObject({ token: expect.any(Number) });
  expect("token" in next && next.token).toBeGreaterThan(lost);
  await after.close();
  // From then on it is known again.
  const later = await open(folder, "second");
  expect(await new TestClient(later, "later").do(acquire("e", "third"))).toMatchObject({ token: expect.any(Number) });
  await later.close();
});

test("a store that was closed in order gives locks at once after a restart of its machine; a copy of one that was not does not", async () => {
  using disk = new Disk();
  const time = new TestTime();
  const { driver, open } = await start(disk, time);
  const copy = disk.cut(() => 1);
  await driver.close();
  const second = await open(disk.folder, "second");
  expect(await new TestClient(second, "second").do(acquire("a"))).toMatchObject({ token: expect.any(Number) });
  await second.close();
  const copied = await open(copy, "first");
  expect(await new TestClient(copied, "copied").do(acquire("a"))).toMatchObject({ forMs: 16_000 });
  await copied.close();
});

test("a lock on loan for long is given when the disk has that", async () => {
  using disk = new Disk();
  const { server } = await start(disk, new TestTime());
  disk.hangs = true;
  let token: unknown;
  void server.acquire(acquire("a", "long", 16_001), 0, NEVER).then((result) => {
    token = result;
  });
  await settle();
  expect(token).toBeUndefined();
});

test("who waits for messages has one before the disk has it, and its sender an answer then; not one with a key, or where it is not asked for so", async () => {
  using disk = new Disk();
  const { server, driver } = await start(disk, new TestTime());
  const begin = (queue: string, early: boolean) => {
    const had = { bodies: [] as string[] };
    void server.claim({ ...claim(queue, { holder: `${queue} ${early}` }), early }, HOUR, NEVER).then((messages) => {
      had.bodies = messages.map(({ body }) => new TextDecoder().decode(body));
    });
    return had;
  };
  const [early, keyed, careful] = [begin("early", true), begin("keyed", true), begin("careful", false)];
  await settle();
  disk.hangs = true;
  let isSent = false;
  const operations = [send("early", "a"), send("keyed", "b", { key: "k" }), send("careful", "c")];
  void server.commit({ client: "c", number: 1, settled: 1, operations }).then(() => {
    isSent = true;
  });
  await settle();
  expect([early.bodies, keyed.bodies, careful.bodies, isSent]).toEqual([["a"], [], [], false]);
  const killed = await SqliteDriver.open({ folder: disk.killed(), time: new TestTime(), boot: () => "first" });
  expect(await killed.read({ kind: "queue", queue: "early" })).toMatchObject({ working: 1 });
  await killed.close();
  const cut = await SqliteDriver.open({ folder: disk.cut(() => 1), time: new TestTime(), boot: () => "second" });
  expect(await cut.read({ kind: "queue", queue: "early" })).toMatchObject({ waiting: 0, working: 0 });
  expect(await readText(cut, "s", "k")).toBe("kept");
  await cut.close();
  expect(driver.read({ kind: "queue", queue: "early" })).toBeInstanceOf(Promise);
});
