import type { Runner } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readObject } from "../../src/kubernetes/api/send.ts";
import { toManifests } from "../../src/kubernetes/manifests/manifests.ts";
import { selectorOf } from "../../src/kubernetes/objects/labels.ts";
import { OWN_KINDS, pathOf } from "../../src/kubernetes/objects/objects.ts";
import { isAsWanted } from "../../src/kubernetes/plan/compare.ts";
import { setReplicas } from "../../src/kubernetes/rollout/scale.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { skip, useNamespace } from "./cluster.ts";
import { call, context, fixture, type Loose, runnerFor } from "./harness.ts";

// Pods that the "restricted" standard does not admit are not made here.
const space = useNamespace({
  labels: {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
  },
});
const { signal } = context;
const app = "shop";

describe.skipIf(skip !== undefined)(`objects on a cluster (${skip ?? "there is one"})`, { timeout: 90_000 }, () => {
  let runner: Runner;
  beforeAll(async () => {
    runner = runnerFor(space.env);
    await runner.apply(await fixture("shop.ts", app), context);
  }, 120_000);
  afterAll(() => runner.delete(app, { data: true }, context), 60_000);

  const read = async (kind: any, name: string) => (await readObject(space.api, kind, name, signal)) as Loose;
  const versions = async () => {
    const lists = await Promise.all(OWN_KINDS.map((kind) => listObjects(space.api, kind, selectorOf(app), signal)));
    return Object.fromEntries(
      lists.flat().map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.resourceVersion]),
    );
  };

  test("what was sent is what is there: every field of every object", async () => {
    const { topology, hash } = await fixture("shop.ts", app);
    const deployment = await read("Deployment", "shop-web");
    const sent = toManifests({
      topology,
      topologyHash: hash,
      image: deployment.spec.template.spec.containers[0].image,
      revision: deployment.metadata.annotations!["dev.hadron.revision"]!,
      runCall: 1,
      secretsVersion: undefined,
      pullSecret: undefined,
      counts: {},
    });
    expect(sent.length).toBeGreaterThan(10);
    for (const manifest of sent) {
      const live = await read(manifest.kind, manifest.metadata.name);
      expect(live).toMatchObject(manifest);
      expect(isAsWanted(manifest, live)).toBe(true);
    }
  });

  test("a second up sends no change: every object keeps its version", async () => {
    const before = await versions();
    const { changes } = await runner.apply(await fixture("shop.ts", app), context);
    expect(changes).toEqual([]);
    expect(await versions()).toEqual(before);
  });

  test("an exposed service with a node port has an endpoint that can be called from here", async () => {
    const { services } = await runner.status(app, context);
    const { endpoint } = services.find((one) => one.name === "web")!;
    const body = JSON.stringify({ jsonrpc: "2.0", method: "hello", params: ["Eve"], id: 1 });
    const response = await fetch(endpoint!, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(await response.json()).toMatchObject({ result: "Hello, Eve!" });
    expect(await call(runner, app, "store", "put", "k")).toBe("k");
  });

  test("a replica calls itself what status and logs call it", async () => {
    const { services } = await runner.status(app, context);
    const names = services.flatMap(({ replicas }) => replicas.map(({ name }) => name)).sort();
    expect(names).toEqual(expect.arrayContaining(["keys.0", "keys.1"]));
    const own = new Set<string>();
    for await (const { replica, line } of runner.logs(app, { service: undefined, follow: false }, context)) {
      if (!line.includes('"event":"ready"')) continue;
      expect(JSON.parse(line).replica).toBe(replica);
      own.add(replica);
    }
    expect([...own].sort()).toEqual(names);
  });

  test("what others own stays theirs: an annotation, and an autoscaler's count", async () => {
    const path = pathOf("Deployment", space.name, "shop-web");
    await space.api.json({
      method: "PATCH",
      path,
      query: { fieldManager: "operator" },
      body: { metadata: { annotations: { theirs: "1" } } },
      type: "application/merge-patch+json",
      what: "annotate",
      signal,
    });
    await space.api.json({
      method: "PATCH",
      path: `${path}/scale`,
      query: { fieldManager: "autoscaler" },
      body: { spec: { replicas: 3 } },
      type: "application/merge-patch+json",
      what: "scale",
      signal,
    });
    const { changes } = await runner.apply(await fixture("shop.ts", app), context);
    expect(changes).toEqual([]);
    const live = await read("Deployment", "shop-web");
    expect(live.spec.replicas).toBe(3);
    expect(live.metadata.annotations).toMatchObject({ theirs: "1" });
  });

  test("a count that scale set goes back to what is declared", async () => {
    await setReplicas(space.api, "StatefulSet", "shop-keys", 3, signal);
    const { changes } = await runner.plan(await fixture("shop.ts", app), context);
    expect(changes).toEqual([
      { action: "update", kind: "StatefulSet", name: "shop-keys", because: "spec.replicas: 3 → 2" },
    ]);
    await runner.apply(await fixture("shop.ts", app), context);
    expect((await read("StatefulSet", "shop-keys")).spec.replicas).toBe(2);
  });

  test("a field that somebody else has set is told with its manager, and not forced", async () => {
    const live = await read("Service", "shop-web");
    const theirs = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "shop-web" },
      spec: { ports: [{ port: 80, protocol: "TCP", name: "other" }] },
    };
    await space.api.json({
      method: "PATCH",
      path: pathOf("Service", space.name, "shop-web"),
      query: { fieldManager: "somebody", force: "true" },
      body: theirs,
      type: "application/apply-patch+yaml",
      what: "take over",
      signal,
    });
    await expect(runner.apply(await fixture("shop.ts", app), context)).rejects.toThrow(
      /Service "shop-web" was changed by others in fields that the app declares: spec\.ports.*\(by somebody\).*Nothing was forced/,
    );
    // They give it back.
    await space.api.json({
      method: "PATCH",
      path: pathOf("Service", space.name, "shop-web"),
      query: { fieldManager: "somebody", force: "true" },
      body: { ...theirs, spec: { ports: live.spec.ports } },
      type: "application/apply-patch+yaml",
      what: "give back",
      signal,
    });
    expect((await runner.apply(await fixture("shop.ts", app), context)).status.services).toHaveLength(3);
  });

  test("export gives what apply would make, the same each time", async () => {
    const program = await fixture("shop.ts", app);
    const [one, other] = [await runner.export(program, context), await runner.export(program, context)];
    expect(one).toBe(other);
    expect(one).toContain("kind: StatefulSet");
    expect(one).not.toContain("dev.hadron.manifest");
  });

  test("what is no longer declared is removed, and nothing else", async () => {
    const foreign = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "not-ours", labels: { "app.kubernetes.io/part-of": app } },
      data: {},
    };
    await space.api.json({
      method: "POST",
      path: pathOf("ConfigMap", space.name),
      body: foreign,
      what: "make one",
      signal,
    });
    const { changes } = await runner.apply(await fixture("shop-less.ts", app), context);
    expect(
      changes
        .filter((one) => one.action === "delete")
        .map((one) => `${one.kind} ${one.name}`)
        .sort(),
    ).toEqual(
      [
        "Deployment shop-store",
        "PodDisruptionBudget shop-keys",
        "Service shop-keys-pods",
        "Service shop-store-pods",
        "StatefulSet shop-keys",
      ].sort(),
    );
    expect(await readObject(space.api, "StatefulSet", "shop-keys", signal)).toBeUndefined();
    expect(await readObject(space.api, "ConfigMap", "not-ours", signal)).toBeDefined();
  });

  test("an app of that name that shares no service is left alone, unless it is named", async () => {
    const program = await fixture("tree.ts", app);
    const notes: string[] = [];
    const { changes } = await runner.plan(program, {
      ...context,
      progress: { step() {}, note: (text) => void notes.push(text) },
    });
    expect(changes.filter((one) => one.action === "delete")).toEqual([]);
    const { changes: named } = await runnerFor(space.env, { explicitApp: true }).plan(program, context);
    expect(named.filter((one) => one.action === "delete").map((one) => one.name)).toContain("shop-web");
  });

  test("delete leaves nothing of the app, its volumes included, and touches nothing else", async () => {
    expect(await runner.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
    expect(Object.keys(await versions())).toEqual([]);
    expect(await listObjects(space.api, "PersistentVolumeClaim", selectorOf(app), signal)).toEqual([]);
    expect(await readObject(space.api, "ConfigMap", "not-ours", signal)).toBeDefined();
  });
});
