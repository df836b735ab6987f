import type { KubernetesManifest, KubernetesOptions, KubernetesTopology, Program } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { onCluster } from "../../src/kubernetes/declared/said.ts";
import { toManifests } from "../../src/kubernetes/manifests/manifests.ts";
import type { Loose } from "./harness.ts";
import { everything, inputs } from "./topologies.ts";

/** The objects of the app of every kind of service: `app` said of all, `own` of its service "front". */
function make(app: KubernetesOptions, own?: KubernetesTopology): readonly Loose[] {
  const { patch, ...data } = app;
  const services = everything.services.map((service) =>
    service.name === "front" && own !== undefined ? { ...service, kubernetes: own } : service,
  );
  const topology = { ...everything, services, kubernetes: data };
  return toManifests({ ...inputs, topology, kubernetesPatchOf: () => patch }) as readonly Loose[];
}
const plain = make({});
const find = (objects: readonly Loose[], kind: string, name: string): Loose =>
  objects.find((object) => object.kind === kind && object.metadata.name === name)!;
const deployment = (objects: readonly Loose[], service = "front") => find(objects, "Deployment", `shop-${service}`);

test("labels and annotations are on every object and every pod, the service's before the app's, ours before both", () => {
  const labels = { team: "shop", tier: "one" };
  const objects = make({ labels, annotations: { contact: "ann" } }, { labels: { tier: "two" } });
  for (const [index, { kind, metadata, spec }] of objects.entries()) {
    const tier = metadata.labels?.["app.kubernetes.io/name"] === "front" ? "two" : "one";
    expect(metadata.labels).toEqual({ ...labels, tier, ...plain[index]!.metadata.labels });
    expect(metadata.annotations).toEqual({ contact: "ann", ...plain[index]!.metadata.annotations });
    if (kind !== "Deployment" && kind !== "StatefulSet") continue;
    const before = plain[index]!.spec;
    expect(spec.template.metadata.labels).toEqual({ ...labels, tier, ...before.template.metadata.labels });
    expect(spec.template.metadata.annotations).toEqual({ contact: "ann", ...before.template.metadata.annotations });
    // Fixed for the object's life, and what finds the pods.
    expect([spec.selector, spec.volumeClaimTemplates]).toEqual([before.selector, before.volumeClaimTemplates]);
  }
});

test("a Prometheus can be told not to ask", () => {
  const { spec } = deployment(make({ annotations: { "prometheus.io/scrape": "false" } }));
  expect(spec.template.metadata.annotations["prometheus.io/scrape"]).toBe("false");
});

test("requests, other limits, nodes and taints are those of the pods, images among them", () => {
  const gpu = { key: "gpu", operator: "Exists" } as const;
  const spare = { key: "spare", operator: "Exists" } as const;
  const objects = make(
    { requests: { cpu: "100m", memory: "128Mi" }, nodeSelector: { zone: "a", disk: "ssd" }, tolerations: [spare] },
    { requests: { cpu: 0.5 }, limits: { "nvidia.com/gpu": 1 }, nodeSelector: { zone: "b" }, tolerations: [gpu] },
  );
  const { containers, nodeSelector, tolerations } = deployment(objects).spec.template.spec;
  expect(containers[0].resources).toEqual({
    requests: { cpu: "0.5", memory: "128Mi" },
    limits: { cpu: "1", memory: "512Mi", "nvidia.com/gpu": "1" },
  });
  expect([nodeSelector, tolerations]).toEqual([{ zone: "b", disk: "ssd" }, [spare, gpu]]);
  const cache = deployment(objects, "cache").spec.template.spec;
  expect(cache.containers[0].resources.requests).toEqual({ cpu: "100m", memory: "128Mi" });
  expect([cache.nodeSelector, cache.tolerations]).toEqual([{ zone: "a", disk: "ssd" }, [spare]]);
});

test("an Ingress has every host name, its class, and its certificate from a Secret or an issuer", () => {
  const ingress = (app: KubernetesOptions, hostname: string | readonly string[] = ["a.example", "b.example"]) => {
    const services = everything.services.map((service) =>
      service.name === "web" && service.exposed !== null
        ? { ...service, exposed: { ...service.exposed, hostname } }
        : service,
    );
    const objects = toManifests({ ...inputs, topology: { ...everything, services, kubernetes: app } });
    return find(objects as readonly Loose[], "Ingress", "shop-web");
  };
  const rule = { http: expect.objectContaining({ paths: [expect.objectContaining({ path: "/" })] }) };
  expect(ingress({}).spec).toEqual({
    rules: [
      { host: "a.example", ...rule },
      { host: "b.example", ...rule },
    ],
  });
  const hosts = ["a.example", "b.example"];
  expect(ingress({ ingress: { className: "nginx", tls: { secret: "front-tls" } } }).spec).toMatchObject({
    ingressClassName: "nginx",
    tls: [{ hosts, secretName: "front-tls" }],
  });
  const issued = ingress({ ingress: { tls: { clusterIssuer: "letsencrypt" } } });
  expect(issued.spec.tls).toEqual([{ hosts, secretName: "shop-web-tls" }]);
  expect(issued.metadata.annotations?.["cert-manager.io/cluster-issuer"]).toBe("letsencrypt");
  expect(ingress({ ingress: { tls: { issuer: "own" } } }, "a.example").metadata.annotations).toMatchObject({
    "cert-manager.io/issuer": "own",
  });
});

test("a service may have another number of replicas on a cluster than elsewhere", () => {
  const services = everything.services.map((service) =>
    service.name === "web" ? { ...service, kubernetes: { replicas: 2 } } : service,
  );
  const { topology } = onCluster({ topology: { ...everything, services } } as unknown as Program);
  expect(topology.services.map(({ replicas }) => replicas)).toEqual([3, 2, 1, 1, 4, 1]);
  expect(deployment(toManifests({ ...inputs, topology }) as readonly Loose[], "web").spec.replicas).toBe(2);
});

const refused: readonly (readonly [KubernetesTopology, RegExp])[] = [
  [
    { labels: { "team name": "x" } },
    /^service "front": kubernetes\.labels\["team name"\] is no key that Kubernetes takes/,
  ],
  [
    { labels: { "Example.com/team": "x" } },
    /kubernetes\.labels\["Example\.com\/team"\] is no key that Kubernetes takes/,
  ],
  [{ annotations: { "a/b/c": "x" } }, /kubernetes\.annotations\["a\/b\/c"\] is no key that Kubernetes takes/],
  [{ labels: { team: "a b" } }, /kubernetes\.labels\["team"\] is "a b", and Kubernetes takes at most 63 letters/],
  [{ labels: { team: "x".repeat(64) } }, /kubernetes\.labels\["team"\] is "x+", and Kubernetes takes at most 63/],
  [{ nodeSelector: { disk: "-" } }, /kubernetes\.nodeSelector\["disk"\] is "-"/],
  [
    { labels: { "app.kubernetes.io/part-of": "y" } },
    /\["app\.kubernetes\.io\/part-of"\] is how Hadron finds its objects/,
  ],
  [{ annotations: { "dev.hadron.revision": "y" } }, /\["dev\.hadron\.revision"\] is how Hadron finds its objects/],
  [{ labels: { "pod-template-hash": "y" } }, /\["pod-template-hash"\] is the cluster's own/],
  [{ requests: { cpu: "much" } }, /kubernetes\.requests\["cpu"\] is "much", and should be a quantity/],
  [
    { requests: { memory: "1Gi" } },
    /kubernetes\.requests\["memory"\] is "1Gi", more than it may use: raise capacity: \{ memoryMiB \}/,
  ],
  [{ limits: { memory: "1Gi" } }, /kubernetes\.limits\["memory"\] is said by capacity: \{ memoryMiB \}/],
];
test.each(refused)("what no cluster takes is told with service and key: %j", (own, message) => {
  expect(() => make({}, own)).toThrow(message);
});

test("what is said of the app is told as such, and its requests are too much for the service that may use less", () => {
  expect(() => make({ labels: { "": "x" } })).toThrow(/^run\(…\): kubernetes\.labels\[""\] is no key/);
  expect(() => make({ requests: { cpu: 2 } })).toThrow(
    /^service "front": kubernetes\.requests\["cpu"\] is "2", more than it may use: raise capacity: \{ cpu \}/,
  );
});

test("labels and values at their limits are taken", () => {
  const labels = { [`${"a".repeat(63)}.example/${"b".repeat(63)}`]: "c".repeat(63), empty: "", "a.B_c-9": "a.B_c-9" };
  expect(deployment(make({ labels })).metadata.labels).toMatchObject(labels);
});

test("a patch changes an object in place, returns another, or leaves it out", () => {
  const patch = (object: KubernetesManifest) => {
    if (object.kind === "Deployment") object.spec.template.spec.priorityClassName = "high";
    if (object.kind === "Ingress") return null;
    return object.kind === "Service"
      ? { ...object, spec: { ...object.spec, ipFamilyPolicy: "SingleStack" } }
      : undefined;
  };
  const objects = make({ patch });
  expect(deployment(objects).spec.template.spec).toEqual({
    ...deployment(plain).spec.template.spec,
    priorityClassName: "high",
  });
  expect(find(objects, "Service", "shop-front").spec.ipFamilyPolicy).toBe("SingleStack");
  expect(plain.filter(({ kind }) => kind === "Ingress")).toHaveLength(1);
  expect(objects.map(({ kind }) => kind)).toEqual(plain.map(({ kind }) => kind).filter((kind) => kind !== "Ingress"));
  expect(find(objects, "ConfigMap", "shop")).toEqual(find(plain, "ConfigMap", "shop"));
});

const spoiling: readonly (readonly [string, (object: any) => unknown, RegExp])[] = [
  [
    "another name",
    (o) => Object.assign(o.metadata, { name: "x" }) && undefined,
    /run\(…\): kubernetes\.patch changes metadata\.name of \w+ "shop", by which Hadron finds it/,
  ],
  [
    "a label of ours gone",
    (o) => Object.assign(o.metadata, { labels: {} }) && undefined,
    /changes metadata\.labels\.app\.kubernetes\.io\/part-of of/,
  ],
  [
    "another selector",
    (o) => (o.kind === "Deployment" ? Object.assign(o.spec.selector.matchLabels, { a: "b" }) && undefined : undefined),
    /^service "\w+": kubernetes\.patch changes spec\.selector of Deployment/,
  ],
  [
    "pods without our labels",
    (o) => (o.kind === "Deployment" ? Object.assign(o.spec.template.metadata, { labels: {} }) && undefined : undefined),
    /changes spec\.template\.metadata\.labels\.app\.kubernetes\.io\/name/,
  ],
  ["another object", () => ({}), /changes apiVersion of/],
  [
    "none that can be spared",
    (o) => (o.kind === "Deployment" ? null : undefined),
    /leaves out Deployment "shop-\w+", and without it the app does not run/,
  ],
  [
    "another each time",
    (o) => Object.assign(o.metadata, { annotations: { at: performance.now() } }) && undefined,
    /makes another \w+ "shop" each time/,
  ],
  [
    "an error",
    () => {
      throw new TypeError("no spec");
    },
    /kubernetes\.patch failed for \w+ "shop": .*no spec/,
  ],
];
test.each(spoiling)("a patch that spoils an object is told with the object: %s", (_, patch, message) => {
  expect(() => make({ patch: patch as never })).toThrow(message);
});
