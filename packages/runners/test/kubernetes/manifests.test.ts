import { expect, test } from "vitest";
import { toManifests, toSecret } from "../../src/kubernetes/manifests/index.ts";
import type { KubeObject } from "../../src/kubernetes/objects/objects.ts";
import { inputs, topologyOf } from "./topologies.ts";

const manifests = toManifests(inputs);
const one = (kind: string, name: string): KubeObject =>
  manifests.find((object) => object.kind === kind && object.metadata.name === name)!;

test("every object of an app of every kind of service", () => {
  expect(manifests).toMatchSnapshot();
});

test("the same topology gives the same objects", () => {
  expect(JSON.stringify(toManifests(inputs))).toBe(JSON.stringify(manifests));
});

test("what others refer to comes first", () => {
  const kinds = manifests.map(({ kind }) => kind);
  expect(kinds.lastIndexOf("ConfigMap")).toBeLessThan(kinds.indexOf("Deployment"));
  expect(kinds.lastIndexOf("Service")).toBeLessThan(kinds.indexOf("StatefulSet"));
});

test("no value of a secret is in any object but the Secret", () => {
  expect(JSON.stringify(manifests)).not.toContain("API_KEY-value");
  expect(toSecret("shop", { B: "2", A: "1" }).data).toEqual({ A: "MQ==", B: "Mg==" });
  const env = one("Deployment", "shop-front").spec.template.spec.containers[0].env;
  expect(env).toContainEqual({ name: "API_KEY", valueFrom: { secretKeyRef: { name: "shop", key: "API_KEY" } } });
});

test("the app's own pods are let in everywhere, others to what is exposed", () => {
  const { spec } = one("NetworkPolicy", "shop");
  expect(spec.ingress[0]).toEqual({ from: [{ podSelector: spec.podSelector }] });
  const open = manifests.filter(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name !== "shop");
  expect(open.map(({ metadata }) => metadata.name)).toEqual([
    "shop-front-exposed",
    "shop-web-exposed",
    "shop-door-exposed",
    "shop-gate-exposed",
  ]);
  for (const { spec } of open) expect(spec.ingress).toEqual([{ ports: [{ port: "http", protocol: "TCP" }] }]);
});

test("a Prometheus of a labelled namespace is let in to the port that has the metrics, which is never the exposed one", () => {
  const { spec } = one("NetworkPolicy", "shop");
  expect(spec.ingress.slice(1)).toEqual([
    {
      from: [{ namespaceSelector: { matchLabels: { "dev.hadron.metrics": "true" } } }],
      ports: [{ port: "hadron", protocol: "TCP" }],
    },
  ]);
  for (const [name, isOwn] of [
    ["shop-front", true],
    ["shop-cache", false],
  ] as const) {
    const { metadata, spec } = one("Deployment", name).spec.template;
    const { "prometheus.io/port": port, "prometheus.io/path": path } = metadata.annotations;
    expect([port, path]).toEqual(isOwn ? ["7070", "/metrics"] : [undefined, undefined]);
    const named = (spec.containers[0].ports ?? []).filter((one: { name: string }) => one.name === "hadron");
    expect(named.map((one: { containerPort: number }) => String(one.containerPort))).toEqual(isOwn ? [port] : []);
  }
});

test("one replica alone has no disruption budget and no spreading", () => {
  const names = manifests.filter(({ kind }) => kind === "PodDisruptionBudget").map(({ metadata }) => metadata.name);
  expect(names).toEqual(["shop-front", "shop-front-keys"]);
  expect(one("Deployment", "shop-web").spec.template.spec.topologySpreadConstraints).toBeUndefined();
  expect(one("Deployment", "shop-front").spec.template.spec.topologySpreadConstraints).toHaveLength(2);
});

test("the counts are not part of what pods are made of", () => {
  const more = toManifests({ ...inputs, counts: { "front.keys": 9 } });
  const differing = more.filter((object, index) => JSON.stringify(object) !== JSON.stringify(manifests[index]));
  expect(differing.map(({ metadata }) => metadata.name)).toEqual(["shop-counts"]);
});

test("every image has a numeric user that is not root, and gives up its capabilities", () => {
  for (const { kind, spec } of manifests) {
    if (kind !== "Deployment" && kind !== "StatefulSet") continue;
    expect(spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    for (const container of spec.template.spec.containers) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      });
    }
  }
});

test("ninety replicas with default resources fit on two cores and eight gigabytes", () => {
  const [deployment] = toManifests({ ...inputs, topology: topologyOf("a", [{ name: "b" }]) }).filter(
    ({ kind }) => kind === "Deployment",
  );
  expect(deployment!.spec.template.spec.containers[0].resources.requests).toEqual({ cpu: "10m", memory: "64Mi" });
});
