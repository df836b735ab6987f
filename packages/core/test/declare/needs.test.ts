import { image, procedure, service } from "@hadron/core";
import { child, compose, pattern, withNeeds } from "@hadron/core/spi";
import { scatter, shard } from "@hadron/patterns";
import { expect, expectTypeOf, test } from "vitest";

const MIB = 2 ** 20;
const echo = (input: string) => input;
const topologyOf = (...services: unknown[]) => compose("test", services).topology.services;
const first = (value: unknown) => topologyOf(value)[0]!;

test("a part's needs are its service's", () => {
  const part = withNeeds(echo, {
    env: { MODE: "fast" },
    secrets: ["KEY"],
    generated: ["PASSWORD"],
    files: ["model.bin"],
    capacity: { memoryMiB: 256 },
    storage: { path: "data", sizeMiB: 10 },
  });
  expect(first(service("a", part))).toMatchObject({
    env: { MODE: "fast" },
    secrets: ["KEY"],
    generated: ["PASSWORD"],
    files: ["model.bin"],
    capacity: { cpu: 1, memoryBytes: 256 * MIB },
    requests: { memoryBytes: 256 * MIB },
    storage: { path: "data", sizeBytes: 10 * MIB },
  });
});

test("what nobody declared is absent", () => {
  const topology = first(service("a", echo));
  for (const key of ["requests", "generated", "uses", "standIn"]) expect(topology).not.toHaveProperty(key);
});

test("a handler with needs is a handler, one of several, with its options and its types", async () => {
  const described = procedure({ idempotent: true }, echo);
  const needy = withNeeds(described, { files: ["a.wasm"] });
  expectTypeOf(needy).toEqualTypeOf(described);
  expect(await needy("hi")).toBe("hi");
  const value = service("a", { needy, other: withNeeds(echo, { files: ["b.wasm", "a.wasm"] }) });
  expect(first(value)).toMatchObject({
    procedures: ["needy", "other"],
    idempotent: ["needy"],
    files: ["a.wasm", "b.wasm"],
  });
});

test("needs add up: a part's own, those of parts within, and the service's", () => {
  const part = withNeeds(withNeeds(echo, { env: { A: "1" } }), { env: { B: "2" } });
  expect(first(service("a", part, { env: { C: "3" } })).env).toEqual({ C: "3", A: "1", B: "2" });
});

test("a pattern's needs are its root's; each child brings its own", () => {
  const value = service(
    "top",
    pattern({
      name: "pair",
      needs: { env: { ROOT: "1" } },
      children: { left: child(withNeeds(echo, { env: { LEFT: "1" } })), right: child(echo) },
      root:
        ({ left }) =>
        (input: string) =>
          left.call("top.left", input),
    }),
  );
  expect(topologyOf(value).map(({ name, env }) => [name, env])).toEqual([
    ["top", { ROOT: "1" }],
    ["top.left", { LEFT: "1" }],
    ["top.right", {}],
  ]);
});

test("what the handlers of a root need, its replicas get", () => {
  const part = pattern({ name: "alone", children: {}, root: () => withNeeds(echo, { files: ["x"] }) });
  expect(first(service("a", part)).files).toEqual(["x"]);
});

test("a leaf of a pattern may have needs of its own", () => {
  const part = shard(2, withNeeds(echo, { storage: { path: "data" } }), { by: (input) => input });
  expect(topologyOf(service("a", part))[1]).toMatchObject({ name: "a.leaf", storage: { path: "data" } });
});

test("an image brings its needs", () => {
  const store = image("postgres:18", { port: 5432, generated: ["POSTGRES_PASSWORD"], env: { POSTGRES_USER: "app" } });
  expect(first(service("store", store))).toMatchObject({
    env: { POSTGRES_USER: "app" },
    generated: ["POSTGRES_PASSWORD"],
    image: { reference: "postgres:18", ports: { main: 5432 } },
  });
  expect(() => image("redis:7", { files: ["x"] } as never)).toThrow('knows no option "files"');
});

test.each([
  ["of an environment variable", { env: { A: "1" } }, { env: { A: "2" } }, /A: "1" by .*, and "2" by/],
  ["of what a name is", { secrets: ["A"] }, { env: { A: "2" } }, /A: a secret by .*, and "2" by/],
  ["of who makes a secret", { generated: ["A"] }, { secrets: ["A"] }, /A: a generated secret by .*, and a secret by/],
  ["of a folder", { storage: { path: "a" } }, { storage: { path: "b" } }, /storage.path: "a" by .*, and "b" by/],
  [
    "of memory",
    { capacity: { memoryMiB: 64 } },
    { capacity: { memoryMiB: 128 } },
    /capacity.memoryMiB: 64 by .*, and at least 128 by/,
  ],
])("a contradiction %s is refused, and both places are named", (_, own, needs, message) => {
  const value = service("a", withNeeds(echo, needs, "the module"), own);
  expect(() => topologyOf(value)).toThrow(message);
  const places =
    /by service "a" \(.*needs\.test\.ts:\d+:\d+\), and .* by the module \(.*needs\.test\.ts:\d+:\d+\)\. Let one of them say it\./;
  expect(() => topologyOf(value)).toThrow(places);
});

test("the same need said twice is one, and the larger size counts", () => {
  const part = withNeeds(withNeeds(echo, { secrets: ["A"], storage: { path: "d", sizeMiB: 1 } }), {
    secrets: ["A"],
    storage: { path: "d", sizeMiB: 2 },
    capacity: { memoryMiB: 32 },
  });
  expect(first(service("a", part, { capacity: { memoryMiB: 64 } }))).toMatchObject({
    secrets: ["A"],
    storage: { path: "d", sizeBytes: 2 * MIB },
    capacity: { memoryBytes: 64 * MIB },
  });
});

test("a service says which it uses; one that is not in the app is an error with the line to add", () => {
  const mail = service("mail", echo);
  const shop = service("shop", echo, { uses: [mail] });
  expect(topologyOf(shop, mail)[0]!.uses).toEqual(["mail"]);
  expect(() => topologyOf(shop)).toThrow(
    '"shop" says that it uses "mail", which is not in the app: give its value to run(), as in run(shop, mail).',
  );
  expect(() => service("shop", echo, { uses: [echo] as never })).toThrow(
    "uses: the 1. is neither a service, a resource, a secret nor a captured value",
  );
});

test("parts say details of themselves; two that say another thing of one name contradict each other", () => {
  const part = (digest: string) => withNeeds((input: string) => input, { details: { "a.bin": digest, [digest]: "" } });
  expect(first(service("a", { x: part("1"), y: part("1") })).details).toEqual({ "a.bin": "1", "1": "" });
  expect(() => first(service("a", { x: part("1"), y: part("2") }))).toThrow(
    /told two things of a\.bin: 1 by .*, and 2 by/,
  );
  expect(first(service("b", echo))).not.toHaveProperty("details");
});

test("services may use each other", () => {
  const back = service("back", echo);
  const front = service("front", withNeeds(echo, { uses: [back] }), { uses: [back] });
  expect(topologyOf(front, back)[0]!.uses).toEqual(["back"]);
});

test("a leaf with storage, or one that uses others, is a client of its own procedures", () => {
  const other = service("other", echo);
  const disk = service("disk", { read: echo, write: echo }, { storage: { path: "data" }, uses: [other], replicas: 3 });
  expect(disk.read).toBeTypeOf("function");
  expect((disk as unknown as Record<string, unknown>).erase).toBeUndefined();
  const nested = service(
    "nested",
    scatter(
      2,
      service(
        "inner",
        scatter(2, echo, () => ""),
      ),
      () => "",
    ),
  );
  expect((nested as unknown as Record<string, unknown>).nested).toBeTypeOf("function");
});

test.each([
  [{ env: { "a b": "" } }, 'a part: env "a b" cannot name an environment variable'],
  [{ generated: ["HADRON_X"] }, "Hadron's own"],
  [{ storage: { path: "" } }, "storage.path should be the path of a folder"],
  [{ storage: { path: "x", sizeMiB: 0 } }, "storage.sizeMiB is 0"],
  [{ capacity: { memoryMiB: 1 } }, "capacity.memoryMiB is 1"],
  [{ file: [] }, 'knows no need "file"; there are env, secrets, generated, files'],
])("need %j is refused: %s", (needs, message) => {
  expect(() => withNeeds(echo, needs as never)).toThrow(message);
});

test("a service's needs are its options", () => {
  expect(() => withNeeds(service("a", echo), {})).toThrow("say what it needs in its own options");
});

test("a variable or an argument that no process can be started with is refused by its name", () => {
  const long = "x".repeat(128 * 1024);
  expect(() => service("a", echo, { env: { TEMPLATE: long } })).toThrow(
    'service "a": env "TEMPLATE" is 131081 bytes, and may be 131071; put it into a file',
  );
  expect(() => service("a", echo, { env: { KEY: "a\0b" } })).toThrow('env "KEY" has a NUL in it');
  expect(() => image("redis:7", { args: ["--save", long] })).toThrow("args[1] is 131072 bytes, and may be 131071");
  expect(() => image("redis:7", { command: ["a\0"] })).toThrow("command[0] has a NUL in it");
  const fits = { A: "x".repeat(128 * 1024 - 3) };
  expect(first(service("a", echo, { env: fits })).env).toEqual(fits);
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`V${i}`, "x".repeat(120_000 + i)]));
  expect(() => topologyOf(service("a", echo, { env: many }))).toThrow(
    /its environment is \d+ bytes.* is V8, 120012 bytes/,
  );
});
