import { readEnvironment, toEnvironment } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { hostOf } from "../../src/run/environment.ts";

const whole = {
  app: "shop",
  service: "counter",
  ordinal: 3,
  name: "counter.pod-x",
  revision: "0123456789ab",
  runCall: 2,
  topologyPath: "topology.json",
  topologyHash: "fedcba98",
  listen: ["tcp:0.0.0.0:7070", "unix:/run/x"],
  expose: ["tcp:0.0.0.0:8080"],
  peers: { "*": { any: "{service}:7070", shard: "{service}.{ordinal}:7070" } },
  hosts: { "*": "{service}.internal" },
  counts: { counter: 5 },
  countsFile: "/run/hadron/counts.json",
  secretsFile: "/run/hadron-secrets/secrets.json",
  storage: "/data",
  compiled: "/cache/x.compiled",
  check: true,
} as const;

test("a replica reads all that its runner wrote", () => {
  expect(readEnvironment(toEnvironment(whole))).toEqual(whole);
});

test("what a runner leaves out has no variable, and a replica takes it for granted", () => {
  const written = toEnvironment({ app: "shop", service: "greet", topologyPath: "topology.json", listen: [] });
  expect(Object.keys(written).sort()).toEqual(["HADRON_APP", "HADRON_SERVICE", "HADRON_TOPOLOGY"]);
  expect(readEnvironment(written)).toMatchObject({
    ordinal: 0,
    name: "greet.0",
    revision: "",
    runCall: 1,
    listen: [],
    expose: [],
    peers: "ipc",
    counts: {},
    check: false,
  });
});

test.each([
  [{ HADRON_SERVICE: "a" }, /without HADRON_APP/],
  [{ HADRON_SERVICE: "a", HADRON_APP: "b", HADRON_ORDINAL: "-1", HADRON_TOPOLOGY: "t" }, /HADRON_ORDINAL is "-1"/],
  [{ HADRON_SERVICE: "a", HADRON_APP: "b", HADRON_TOPOLOGY: "t", HADRON_PEERS: "{" }, /HADRON_PEERS is not JSON/],
])("a broken contract is told by its variable: %o", (env, message) => {
  expect(() => readEnvironment(env)).toThrow(message);
});

test.each([
  ["its own entry", { cache: "cache.shop.svc" }, { "*": { any: "{service}:7070" } }, "cache.shop.svc"],
  ["what holds for all", { "*": "{service}.internal" }, { "*": { any: "{service}:7070" } }, "cache.internal"],
  ["the name at which replicas are found", {}, { "*": { any: "{service}.pods:7070" } }, "cache.pods"],
  ["its name", {}, { other: { any: "other:7070" } }, "cache"],
])("an image is at the host of %s", (_, hosts, peers, host) => {
  expect(hostOf({ hosts, peers }, "cache")).toBe(host);
});
