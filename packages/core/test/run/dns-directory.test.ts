import { expect, test } from "vitest";
import { DnsDirectory } from "../../src/call/directory/dns-directory.ts";
import type { Clockwork } from "../../src/clock/clockwork.ts";
import { createSystemClock } from "../../src/clock/system-clock.ts";
import type { Topology } from "../../src/describe/topology.ts";
import { DnsServer } from "./dns-server.ts";

const COUNT = 20;
const POLL = { timeout: 20_000, interval: 20 };

/** Shards, each with a name, and all with one; as in a cluster. */
async function createShards(count = COUNT, clock?: Clockwork) {
  const dns = await DnsServer.start();
  const where = Array.from({ length: count }, (_, ordinal): string | undefined => `10.0.0.${ordinal + 1}`);
  const publish = () => {
    dns.addresses.set(
      "leaf-pods.test",
      where.filter((one) => one !== undefined),
    );
    for (const [ordinal, address] of where.entries()) {
      if (address === undefined) dns.addresses.delete(`leaf-${ordinal}.leaf-pods.test`);
      else dns.addresses.set(`leaf-${ordinal}.leaf-pods.test`, [address]);
    }
  };
  publish();
  const directory = new DnsDirectory({
    topology: { services: [{ name: "leaf", sharded: true, replicas: count }] } as unknown as Topology,
    names: { leaf: { any: "leaf-pods.test:7070", shard: "leaf-{ordinal}.leaf-pods.test:7070" } },
    counts: {},
    resolve: dns.resolve,
    ...(clock && { clock }),
  });
  const byName = () => [...dns.asked].filter(([name]) => name !== "leaf-pods.test");
  return {
    dns,
    where,
    publish,
    directory,
    members: () => directory.members("leaf").map(({ state, address }) => (state === "ready" ? address : state)),
    wanted: () => where.map((address) => (address === undefined ? "starting" : `tcp:${address}:7070`)),
    /** How often names of single shards were asked for. */
    askedByName: () => byName().reduce((sum, [, count]) => sum + count, 0),
    names: () => byName().map(([name]) => name),
    looks: () => dns.asked.get("leaf-pods.test") ?? 0,
    async [Symbol.asyncDispose]() {
      directory.close();
      await dns[Symbol.asyncDispose]();
    },
  };
}

test("shards that stay where they are cost one question a look, however many they are", async () => {
  await using rig = await createShards();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  expect(rig.askedByName()).toBe(COUNT);
  const before = rig.looks();
  await expect.poll(rig.looks, POLL).toBeGreaterThanOrEqual(before + 3);
  expect(rig.askedByName()).toBe(COUNT);
});

test("what is away, or is suspected to be, is looked for again before the next look is due", async () => {
  const every = () => ({ unref: () => {} });
  // The regular look never comes.
  const clock: Clockwork = Object.assign(Object.create(createSystemClock()), { every });
  await using rig = await createShards(2, clock);
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.where[1] = undefined;
  rig.publish();
  const [, away] = rig.directory.members("leaf");
  if (away !== undefined) await rig.directory.suspect("leaf", away);
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.where[1] = "10.0.1.7";
  rig.publish();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
});

test("a shard that goes and comes back elsewhere is the only one asked for by name", async () => {
  await using rig = await createShards();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.dns.asked.clear();
  rig.where[7] = undefined;
  rig.publish();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.where[7] = "10.0.1.7";
  rig.publish();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  expect(rig.names()).toEqual(["leaf-7.leaf-pods.test"]);
});

test("two shards that have swapped their addresses are found out by the first connection that is refused", async () => {
  await using rig = await createShards();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.dns.asked.clear();
  [rig.where[3], rig.where[4]] = [rig.where[4], rig.where[3]];
  rig.publish();
  await rig.directory.suspect("leaf", rig.directory.members("leaf")[3]!);
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  expect(rig.names().sort()).toEqual(["leaf-3.leaf-pods.test", "leaf-4.leaf-pods.test"]);
});

test("a shard that is away is not asked for by name before there is an address that it may have", async () => {
  await using rig = await createShards();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.dns.asked.clear();
  rig.where[7] = undefined;
  rig.publish();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  const before = rig.looks();
  await expect.poll(rig.looks, POLL).toBeGreaterThanOrEqual(before + 3);
  expect(rig.names()).toEqual([]);
});

test("a long answer that holds only some of the addresses loses no shard", async () => {
  await using rig = await createShards(60);
  const all = rig.dns.addresses.get("leaf-pods.test")!;
  rig.dns.addresses.set("leaf-pods.test", all.slice(0, 25));
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  const before = rig.looks();
  rig.dns.addresses.set("leaf-pods.test", all.slice(30, 55));
  await expect.poll(rig.looks, POLL).toBeGreaterThanOrEqual(before + 2);
  expect(rig.members()).toEqual(rig.wanted());
});

test("while a name has the old and the new address of a shard, the new one is taken", async () => {
  await using rig = await createShards();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.where[2] = "10.0.1.2";
  rig.publish();
  rig.dns.addresses.set("leaf-2.leaf-pods.test", ["10.0.1.2", "10.0.0.3"]);
  await rig.directory.suspect("leaf", rig.directory.members("leaf")[2]!);
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
});

test("a server that fails says nothing about the shards; what it did not answer is asked again", async () => {
  await using rig = await createShards();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  const before = rig.members();
  rig.dns.isIll = true;
  rig.where[9] = "10.0.1.9";
  rig.publish();
  const looks = rig.looks();
  await expect.poll(rig.looks, POLL).toBeGreaterThanOrEqual(looks + 2);
  expect(rig.members()).toEqual(before);
  rig.dns.isIll = false;
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
});

test("shards that were added are asked for by name, those that were taken away are not", async () => {
  await using rig = await createShards();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.dns.asked.clear();
  rig.where.push("10.0.1.20");
  rig.publish();
  rig.directory.setCounts({ leaf: COUNT + 1 });
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  expect(rig.names()).toEqual([`leaf-${COUNT}.leaf-pods.test`]);
  rig.dns.asked.clear();
  rig.where.splice(10);
  rig.directory.setCounts({ leaf: 10 });
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  expect(rig.names()).toEqual([]);
});

test("who was told of a count counts by it at once: a shard that is not found yet is away, one that goes is gone", async () => {
  await using rig = await createShards(3);
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  const [first, second, third] = rig.wanted();
  let heard = 0;
  rig.directory.watch("leaf", () => heard++);
  rig.directory.setCounts({ leaf: 5 });
  expect(rig.members()).toEqual([first, second, third, "starting", "starting"]);
  rig.directory.setCounts({ leaf: 2 });
  expect(rig.members()).toEqual([first, second]);
  expect(heard).toBe(2);
});

test("a name that is not answered keeps no other shard from being found", async () => {
  await using rig = await createShards();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.dns.illNames.add("leaf-3.leaf-pods.test");
  rig.where[3] = rig.where[5] = undefined;
  rig.publish();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.where[5] = "10.0.1.5";
  rig.publish();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
  rig.where[3] = "10.0.1.3";
  rig.publish();
  rig.dns.illNames.clear();
  await expect.poll(rig.members, POLL).toEqual(rig.wanted());
});
