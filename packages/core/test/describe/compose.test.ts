import { image, service } from "@hadron/core";
import { compose, firstDifference, hashTopology } from "@hadron/core/spi";
import { scatter, shard, spread } from "@hadron/patterns";
import { expect, test } from "vitest";

const leaf = (n: number) => n;
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
const shapes = (...services: unknown[]) =>
  compose("test", services).topology.services.map((one) => [one.name, one.replicas, one.sharded, one.groups]);

test("a scatter is a root and its leaves", () => {
  expect(shapes(service("sum", scatter(10, leaf, sum)))).toEqual([
    ["sum", 1, false, 1],
    ["sum.leaf", 10, true, 1],
  ]);
});

test("a scatter of scatters has children for each of its shards", () => {
  expect(shapes(service("tree", scatter(3, scatter(4, leaf, sum), sum)))).toEqual([
    ["tree", 1, false, 1],
    ["tree.leaf", 3, true, 1],
    ["tree.leaf.leaf", 12, true, 3],
  ]);
});

test("interchangeable replicas below a shard belong to it, and so have an index", () => {
  expect(shapes(service("a", shard(2, spread(3, leaf), { by: (n) => n })))).toEqual([
    ["a", 1, false, 1],
    ["a.leaf", 2, true, 1],
    ["a.leaf.leaf", 6, true, 2],
  ]);
});

test("a service as leaf keeps its name and takes the pattern's count", () => {
  const worker = service("worker", leaf, { env: { A: "b" } });
  const { topology } = compose("test", [service("root", spread(5, worker)), worker]);
  expect(topology.services.map((one) => [one.name, one.replicas, one.env])).toEqual([
    ["root", 1, {}],
    ["worker", 5, { A: "b" }],
  ]);
});

test("a leaf that is also given to run() first has the pattern's count all the same", () => {
  const worker = service("worker", leaf);
  expect(shapes(worker, service("root", scatter(5, worker, sum)))).toEqual([
    ["root", 1, false, 1],
    ["worker", 5, true, 1],
  ]);
});

test("two patterns may share a leaf if they want it alike, and not if they do not", () => {
  const worker = service("worker", { get: leaf });
  const a = service("a", shard(4, worker, { by: (n) => n }));
  const b = service("b", shard(4, worker, { by: (n) => n + 1 }));
  expect(shapes(a, b)).toHaveLength(3);
  const c = service("c", shard(5, worker, { by: (n) => n }));
  expect(() => shapes(a, c)).toThrow(
    '"worker" is a leaf of a and of c, which want different replicas of it (4 sharded, 5 sharded)',
  );
  const d = service("d", spread(4, worker));
  expect(() => shapes(a, d)).toThrow(
    '"worker" is a leaf of a and of d, which want different replicas of it (4 sharded, 4 interchangeable)',
  );
  expect(() => shapes(d, a)).toThrow(
    '"worker" is a leaf of d and of a, which want different replicas of it (4 interchangeable, 4 sharded)',
  );
  const e = service("e", shard(2, spread(2, worker), { by: (n) => n }));
  expect(() => shapes(a, e)).toThrow(
    '"worker" is a leaf of a and of e.leaf, which want different replicas of it (4 sharded, 4 sharded in 2 groups)',
  );
});

test("a count that contradicts the pattern's is refused", () => {
  const worker = service("worker", leaf, { replicas: 3 });
  expect(() => shapes(service("a", spread(4, worker)))).toThrow(
    '"worker" is declared with 3 replicas, but as a leaf of a it has 4',
  );
});

test("two services of one name are refused, and both places named", () => {
  const [a, b] = [service("twin", leaf), service("twin", leaf)];
  expect(() => shapes(a, b)).toThrow(
    /Two services are called "twin": one declared at .*compose\.test\.ts:\d+.*, the other declared at .*compose\.test\.ts:\d+/,
  );
});

test("run() takes services only, and at least one", () => {
  expect(() => shapes()).toThrow("run() was given no service");
  expect(() => shapes(leaf)).toThrow("argument 1 is no service");
});

test("a scatter's leaf has one procedure", () => {
  expect(() => shapes(service("a", scatter(2, { b: leaf, c: leaf } as unknown as typeof leaf, sum)))).toThrow(
    'scatter takes a leaf of one procedure; "a.leaf" has b, c',
  );
});

test("storage is for a single replica or for shards", () => {
  const stored = service("stored", leaf, { storage: { path: "/data" } });
  expect(compose("test", [stored]).topology.services[0]).toMatchObject({ replicas: 1, storage: { path: "/data" } });
  expect(shapes(service("root", shard(2, stored, { by: (n) => n })))).toHaveLength(2);
  expect(() => shapes(service("root", spread(2, stored)))).toThrow(
    'service "stored" has storage and 2 replicas that are alike, and storage belongs to a single replica or to a shard',
  );
});

test("an image may have storage", () => {
  const store = service("store", image("redis:7", { storage: { path: "/data", sizeMiB: 64 } }));
  expect(compose("test", [store]).topology.services[0]!.storage).toEqual({ path: "/data", sizeBytes: 64 * 2 ** 20 });
});

test("an image has no procedures", () => {
  const { topology } = compose("test", [service("cache", image("redis:7", { port: 6379 }))]);
  expect(topology.services[0]).toMatchObject({
    procedures: [],
    image: { reference: "redis:7", ports: { main: 6379 }, args: [] },
  });
});

test("the same file is the same topology, byte for byte", () => {
  const make = () =>
    JSON.stringify(compose("test", [service("tree", scatter(3, scatter(4, leaf, sum), sum))]).topology);
  expect(make()).toBe(make());
});

test("a topology matches its snapshot", () => {
  expect(compose("test", [service("s", scatter(2, leaf, sum), { expose: true })]).topology).toMatchSnapshot();
});

test("the hash leaves counts out and nothing else", () => {
  const hash = (n: number, name: string) =>
    hashTopology(compose("test", [service(name, scatter(n, leaf, sum))]).topology);
  expect(hash(3, "a")).toBe(hash(4, "a"));
  expect(hash(3, "a")).not.toBe(hash(3, "b"));
});

test("the first difference is named", () => {
  const of = (handlers: Record<string, typeof leaf>) => compose("test", [service("a", handlers)]).topology;
  expect(firstDifference(of({ one: leaf }), of({ one: leaf }))).toBeUndefined();
  expect(firstDifference(of({ one: leaf }), of({ two: leaf }))).toBe(
    'services.a.procedures.0 is "one" in the deployment and "two" in this replica',
  );
  expect(firstDifference(of({ one: leaf }), of({ one: leaf, two: leaf }))).toBe(
    'services.a.procedures.1 is absent in the deployment and "two" in this replica',
  );
  const { services, ...rest } = compose("test", [service("a", shard(4, leaf, { by: (n) => n }))]).topology;
  const alike = { ...rest, services: services.map((one) => ({ ...one, sharded: false })) };
  expect(firstDifference({ ...rest, services }, alike)).toBe(
    "services.a.leaf.sharded is true in the deployment and false in this replica",
  );
});

test("variables may be configured where the app is deployed: each replica has the deployed values, and others need not know them", () => {
  const of = (env: Record<string, string>) =>
    compose("test", [service("a", leaf, { env }), service("b", leaf)]).topology;
  expect(firstDifference(of({ MODE: "prod" }), of({ MODE: "dev" }))).toBeUndefined();
  expect(firstDifference(of({ MODE: "prod", DEBUG: "1" }), of({}))).toBeUndefined();
  expect(hashTopology(of({ MODE: "prod" }))).not.toBe(hashTopology(of({ MODE: "dev" })));
});
