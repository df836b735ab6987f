import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { image, procedure, service } from "../../src/index.ts";
import { child, pattern } from "../../src/spi.ts";
import { enter } from "./command-rig.ts";

const schema = JSON.parse(readFileSync(new URL("../../topology.schema.json", import.meta.url), "utf8"));
const fits = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema);

const stored = service(
  "stored",
  { get: procedure({ idempotent: true }, () => 1), put: (n: number) => n },
  {
    storage: { path: "data" },
    capacity: { cpu: 0.5, memoryMiB: 64 },
  },
);
const pair = pattern({
  name: "pair",
  children: { left: child(stored, { count: 3, sharded: true }), right: child(() => 1, { count: 2 }) },
  root:
    ({ left }) =>
    (input: unknown) =>
      left.call("get", input),
});
const services = [
  service("top", pair, {
    expose: { port: 3000, via: "ingress", hostname: "top.example.com" },
    env: { LEVEL: "debug" },
    secrets: ["API_KEY"],
    files: ["data/words.txt"],
  }),
  service("cache", image("redis:7", { args: ["--save", ""], port: 6379, ready: { tcp: "main" }, user: { uid: 999 } })),
  service("hello", () => "hello", {
    expose: true,
    replicas: 2,
    kubernetes: { labels: { team: "a" }, requests: { cpu: 0.1 }, tolerations: [{ operator: "Exists" }] },
  }),
];

test("describe prints a topology that fits the published schema", async () => {
  const { out, err, status } = await enter({ services, argv: ["describe"] });
  expect([status, err]).toEqual([0, ""]);
  const topology = JSON.parse(out);
  expect(fits(topology), JSON.stringify(fits.errors)).toBe(true);
  expect(topology.services.map((one: { name: string }) => one.name)).toEqual([
    "top",
    "stored",
    "top.right",
    "cache",
    "hello",
  ]);
});

test("the same file is described byte for byte alike, with --json on one line", async () => {
  const first = await enter({ services, argv: ["describe"] });
  expect((await enter({ services, argv: ["describe"] })).out).toBe(first.out);
  const { out } = await enter({ services, argv: ["describe", "--json"] });
  expect(out.indexOf("\n")).toBe(out.length - 1);
  expect(JSON.parse(out)).toEqual(JSON.parse(first.out));
});

test.each([
  ["another version", { version: 1 }],
  ["a name that is none", { app: "No Name" }],
  ["no services", { services: [] }],
  ["a field that nobody knows", { extra: true }],
])("the schema refuses %s", async (_, change) => {
  const { out } = await enter({ services, argv: ["describe"] });
  expect(fits({ ...JSON.parse(out), ...change })).toBe(false);
});
