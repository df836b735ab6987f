import { captureVariable } from "@hadron/core/spi";
import { describe, expect, test } from "vitest";
import { toSecret } from "../../src/kubernetes/manifests/secrets.ts";
import { isOurs, SECRETS } from "../../src/kubernetes/objects/labels.ts";
import { nameObjects } from "../../src/kubernetes/objects/names.ts";
import { type KubeObject, pluralOf } from "../../src/kubernetes/objects/objects.ts";
import { readCaptured } from "../../src/kubernetes/plan/captured.ts";
import { differences } from "../../src/kubernetes/plan/compare.ts";
import { generatedState } from "../../src/kubernetes/plan/generated.ts";
import { secretState } from "../../src/kubernetes/plan/secrets.ts";
import { readSettings } from "../../src/kubernetes/plan/settings.ts";
import { keyOf } from "../../src/kubernetes/world/world.ts";
import { topologyOf } from "./topologies.ts";

const worldOf = (...objects: readonly KubeObject[]) => ({ objects: new Map(objects.map((it) => [keyOf(it), it])) });
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("the state of secrets", () => {
  const topology = topologyOf("shop", [{ name: "web", secrets: ["B", "A"] }]);
  const secrets = { A: "1", B: "2" };
  const applied = secretState({ topology, secrets }, worldOf());

  test("an app without secrets has none", () => {
    expect(secretState({ topology: topologyOf("shop", [{ name: "web" }]), secrets: {} }, worldOf())).toEqual({
      manifest: undefined,
      version: undefined,
      kept: undefined,
    });
  });

  test("the same values keep their version, whatever their order; others get a new one, that chance makes", () => {
    expect(applied.version).toMatch(/^[0-9a-f]{12}$/);
    expect(applied.manifest?.metadata.annotations).toEqual({ [SECRETS]: applied.version });
    const live = { ...applied.manifest!, data: { B: base64("2"), A: base64("1") } };
    expect(secretState({ topology, secrets }, worldOf(live)).version).toBe(applied.version);
    const changed = secretState({ topology, secrets: { ...secrets, B: "3" } }, worldOf(live));
    expect(changed.version).toMatch(/^[0-9a-f]{12}$/);
    expect(changed.version).not.toBe(applied.version);
    expect(secretState({ topology, secrets }, worldOf()).version).not.toBe(applied.version);
    // One that carries no version was made by somebody else, though its values are these.
    expect(secretState({ topology, secrets }, worldOf(toSecret("shop", secrets))).version).toMatch(/^[0-9a-f]{12}$/);
  });

  test("values that are not known here leave what is there as it is", () => {
    const live = applied.manifest!;
    expect(secretState({ topology, secrets: { A: "1" } }, worldOf(live))).toEqual({
      manifest: undefined,
      version: applied.version,
      kept: live,
    });
    expect(secretState({ topology, secrets: {} }, worldOf())).toMatchObject({ version: undefined, kept: undefined });
  });
});

describe("captured values that were applied", () => {
  const topology = {
    ...topologyOf("shop", [{ name: "web" }]),
    captures: [
      { name: "build", on: "revision" as const },
      { name: "token", on: "once" as const, secret: true as const },
    ],
  };
  const map = (data: Record<string, string>): KubeObject =>
    ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "shop" }, data }) as KubeObject;

  test("are read beside the topology, and from among the secrets", () => {
    const deployed = map({ "topology.json": "{}", "captures.json": '{"build":1}' });
    const secrets = toSecret("shop", { [captureVariable("token")]: "größe", OTHER: "x" });
    expect(readCaptured(topology, worldOf(deployed, secrets))).toEqual({
      plain: '{"build":1}',
      secrets: { [captureVariable("token")]: "größe" },
    });
    expect(readCaptured(topology, worldOf(deployed))).toEqual({ plain: '{"build":1}', secrets: {} });
    expect(readCaptured(topology, worldOf())).toBeUndefined();
    expect(readCaptured(topology, worldOf(map({})))).toEqual({ plain: undefined, secrets: {} });
  });
});

test("generated secrets that are missing are made, named in order, and those that are there stay", () => {
  const topology = topologyOf("shop", [
    { name: "web", generated: ["Z", "A"] },
    { name: "db", generated: ["A"] },
  ]);
  expect(generatedState(topology, worldOf())).toEqual({
    live: undefined,
    missing: ["A", "Z"],
    changes: [{ action: "create", kind: "Secret", name: "shop-generated", because: "A, Z are made once, and kept" }],
  });
  const live = { ...toSecret("shop", { A: "1" }), metadata: { name: "shop-generated" } };
  expect(generatedState(topology, worldOf(live))).toMatchObject({
    live,
    missing: ["Z"],
    changes: [{ action: "update", because: "Z is made once, and kept" }],
  });
  const all = { ...toSecret("shop", { A: "1", Z: "" }), metadata: { name: "shop-generated" } };
  expect(generatedState(topology, worldOf(all))).toEqual({ live: all, missing: [], changes: [] });
});

describe("settings", () => {
  const read = (flags: Record<string, string>, env: Record<string, string> = {}) =>
    readSettings({ flags, env, explicitApp: false });

  test("come from flags, then from the environment, then from nowhere", () => {
    expect(read({})).toMatchObject({ namespace: undefined, context: undefined, baseImage: "node:24-slim" });
    expect(read({}).pullSecret).toBeUndefined();
    const env = {
      HADRON_NAMESPACE: "n",
      HADRON_CONTEXT: "c",
      HADRON_BASE_IMAGE: "b",
      HADRON_PULL_SECRET: "p",
      DOCKER_REGISTRY: "r/",
    };
    const fromEnv = read({}, env);
    expect(fromEnv).toMatchObject({ namespace: "n", context: "c", baseImage: "b", pullSecret: "p" });
    expect(fromEnv.registry()).toBe("r");
    const flags = { namespace: "N", context: "C", "base-image": "B", "pull-secret": "P", registry: "R/team//" };
    const fromFlags = read(flags, env);
    expect(fromFlags).toMatchObject({ namespace: "N", context: "C", baseImage: "B", pullSecret: "P" });
    expect(fromFlags.registry()).toBe("R/team");
    const empty = Object.fromEntries(Object.keys(env).map((name) => [name, ""]));
    expect(read({}, empty)).toMatchObject({ namespace: undefined, context: undefined, baseImage: "node:24-slim" });
    expect(read({}, empty).pullSecret).toBeUndefined();
  });

  test("a registry that nobody said is wrong use, with the words that say it", () => {
    expect(() => read({}).registry()).toThrow(expect.objectContaining({ code: "WRONG_USE" }));
    expect(() => read({ registry: "/" }).registry()).toThrow(/--registry or DOCKER_REGISTRY/);
  });
});

describe("differences", () => {
  const object = (spec: unknown, metadata: object = {}) =>
    ({ apiVersion: "v1", kind: "Service", metadata: { name: "x", ...metadata }, spec }) as KubeObject;

  test("of lists: by name where all items have one, else by place; what is gone and new is told by its fields", () => {
    const named = (...names: string[]) => names.map((name) => ({ name, port: name.length }));
    expect(differences(object({ ports: named("a", "bb") }), object({ ports: named("bb", "ccc") }))).toEqual([
      "spec.ports[a].name: a → nothing",
      "spec.ports[a].port: 1 → nothing",
      "spec.ports[ccc].name: nothing → ccc",
      "spec.ports[ccc].port: nothing → 3",
    ]);
    expect(differences(object({ list: ["a", "b"] }), object({ list: ["b"] }))).toEqual([
      "spec.list[0]: a → b",
      "spec.list[1]: b → nothing",
    ]);
    expect(differences(object({ list: ["a"] }), object({ list: "a" }))).toEqual(['spec.list: ["a"] → a']);
    expect(differences(object({ deep: { a: null } }), object({ deep: null }))).toEqual(["spec.deep.a: null → nothing"]);
  });

  test("what is the same is none, and what the server keeps for itself neither", () => {
    expect(differences(object({ a: [1, { b: 2 }] }), object({ a: [1, { b: 2 }] }))).toEqual([]);
    const kept = { resourceVersion: "1", generation: 1, uid: "u", creationTimestamp: "t", managedFields: [{ a: 1 }] };
    expect(differences(object({}, kept), object({}, { managedFields: [{ b: 1 }] }))).toEqual([]);
    expect(differences(object({}, { annotations: { uid: "1" } }), object({}))).toEqual([
      "metadata.annotations.uid: 1 → nothing",
    ]);
  });

  test("long values are cut at sixty characters", () => {
    const long = "x".repeat(60);
    expect(differences(object({ a: long }), object({ a: `${long}y` }))).toEqual([
      `spec.a: ${long} → ${"x".repeat(57)}…`,
    ]);
  });
});

test("an object is ours by both its labels", () => {
  const labelled = (labels?: Record<string, string>) =>
    ({ apiVersion: "v1", kind: "Service", metadata: { name: "x", labels } }) as KubeObject;
  const [by, of] = ["app.kubernetes.io/managed-by", "app.kubernetes.io/part-of"];
  expect(isOurs(labelled({ [by]: "hadron", [of]: "shop" }), "shop")).toBe(true);
  expect(isOurs(labelled({ [by]: "hadron", [of]: "other" }), "shop")).toBe(false);
  expect(isOurs(labelled({ [by]: "helm", [of]: "shop" }), "shop")).toBe(false);
  expect(isOurs(labelled(), "shop")).toBe(false);
});

test("names of objects have at most 52 characters, and never meet", () => {
  const long = "a".repeat(60);
  const names = nameObjects(
    topologyOf(
      "shop",
      ["a-b", "a.b", "a", "a-pods", long, `${long}b`].map((name) => ({ name })),
    ),
  );
  const bases = [...names.values()].map(({ base }) => base);
  expect(new Set(bases).size).toBe(6);
  expect([names.get("a-b")?.base, names.get("a")?.base]).toEqual(["shop-a-b", "shop-a"]);
  expect(names.get("a.b")?.base).toMatch(/^shop-a-b-[0-9a-f]{6}$/);
  expect(names.get("a-pods")?.base).toMatch(/^shop-a-pods-[0-9a-f]{6}$/);
  expect(names.get(long)?.base).toHaveLength(52);
  for (const { base, pods } of names.values()) expect([base.length <= 52, pods]).toEqual([true, `${base}-pods`]);
});

test("kinds have plurals, as the API's paths have them", () => {
  expect([pluralOf("Deployment"), pluralOf("NetworkPolicy"), pluralOf("Ingress")]).toEqual([
    "deployments",
    "networkpolicies",
    "ingresses",
  ]);
});
