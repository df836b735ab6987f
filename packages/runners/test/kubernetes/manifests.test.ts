import { image, service } from "@hadron/core";
import { compose } from "@hadron/core/spi";
import { describe, expect, test } from "vitest";
import type { ManifestInput } from "../../src/kubernetes/manifests/input.ts";
import { toManifests } from "../../src/kubernetes/manifests/manifests.ts";
import { toGeneratedSecret, toSecret } from "../../src/kubernetes/manifests/secrets.ts";
import { generatedState } from "../../src/kubernetes/plan/generated.ts";
import type { Loose } from "./harness.ts";
import { inputs, topologyOf } from "./topologies.ts";

const make = (input: ManifestInput) => toManifests(input) as readonly Loose[];
const manifests = make(inputs);
const one = (kind: string, name: string): Loose =>
  manifests.find((object) => object.kind === kind && object.metadata.name === name)!;

test("every object of an app of every kind of service", () => {
  expect(manifests).toMatchSnapshot();
});

test("the same topology gives the same objects", () => {
  expect(JSON.stringify(make(inputs))).toBe(JSON.stringify(manifests));
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

test("what keeps resources lets in the services that use one of them, and nobody else of the app", () => {
  const keeper = "hadron.store";
  const services = [
    { name: "shop", uses: ["keyValue:carts"] },
    { name: "spy" },
    { name: keeper, storage: { path: "store", sizeBytes: 2 ** 30 } },
  ];
  const carts = { kind: "keyValue", name: "carts", keeper, options: {} };
  const policiesOf = (shared: object) => {
    const topology = { ...topologyOf("a", services), resources: [{ ...carts, ...shared }] };
    const made = make({ ...inputs, topology }).filter(({ kind }) => kind === "NetworkPolicy");
    return Object.fromEntries(made.map(({ metadata, spec }) => [metadata.name, spec]));
  };
  const key = "app.kubernetes.io/name";
  const { a: own, "a-hadron-store-users": users } = policiesOf({});
  // Policies add up: the one for all leaves the keeper out.
  expect(own.podSelector.matchExpressions).toEqual([{ key, operator: "NotIn", values: [keeper] }]);
  expect(users.podSelector.matchLabels[key]).toBe(keeper);
  const selector = users.ingress[0].from[0].podSelector;
  expect(selector.matchLabels).toEqual(own.podSelector.matchLabels);
  expect(selector.matchExpressions).toEqual([{ key, operator: "In", values: ["shop"] }]);
  expect(users.ingress).toHaveLength(2);
  const all = policiesOf({ shared: true })["a-hadron-store-users"];
  expect(all.ingress[0].from[0].podSelector.matchExpressions[0].values).toEqual(["shop", "spy"]);
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
  const more = make({ ...inputs, counts: { "front.keys": 9 } });
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

test("what is declared is requested, each by itself; what is not stays small", () => {
  const capacity = { cpu: 4, memoryBytes: 2 ** 30 };
  const resourcesOf = (requests: object) => {
    const topology = topologyOf("a", [{ name: "b", capacity, requests }]);
    const deployment = make({ ...inputs, topology }).find(({ kind }) => kind === "Deployment");
    return deployment?.spec.template.spec.containers[0].resources;
  };
  const limits = { cpu: "4", memory: "1Gi" };
  expect(resourcesOf({ cpu: 4 })).toEqual({ requests: { cpu: "4", memory: "64Mi" }, limits });
  expect(resourcesOf({ memoryBytes: 2 ** 30 })).toEqual({ requests: { cpu: "10m", memory: "1Gi" }, limits });
  expect(resourcesOf(capacity)).toEqual({ requests: { cpu: "4", memory: "1Gi" }, limits });
});

describe("an image", () => {
  const IMAGE = { reference: "db:1", args: [], ports: { sql: 5432, admin: 9000 } };
  const manifestsOf = (image: object, more: object = {}) =>
    make({
      ...inputs,
      topology: topologyOf("a", [{ name: "db.main", procedures: [], image: { ...IMAGE, ...image }, ...more }]),
    });
  const podOf = (image: object, more: object = {}) =>
    manifestsOf(image, more).find(({ kind }) => kind === "Deployment" || kind === "StatefulSet")?.spec.template.spec;

  test.each([
    ["its main port accepts connections", {}, { tcpSocket: { port: "sql" } }],
    ["a port does", { ready: { tcp: "admin" } }, { tcpSocket: { port: "admin" } }],
    [
      "a path answers",
      { ready: { http: { port: "admin", path: "/up" } } },
      { httpGet: { path: "/up", port: "admin", scheme: "HTTP" } },
    ],
    ["a command succeeds", { ready: { command: ["pg_isready"] } }, { exec: { command: ["pg_isready"] } }],
    [
      "its main port does, where up looks for a line of its log",
      { ready: { log: "ready" } },
      { tcpSocket: { port: "sql" } },
    ],
  ])("is ready when %s", (_, image, question) => {
    const [container] = podOf(image).containers;
    expect(container.startupProbe).toMatchObject(question);
    expect(container.readinessProbe).toMatchObject(question);
    expect(container.livenessProbe).toBeUndefined();
  });

  test("without ports is ready when it runs, and has no Service", () => {
    expect(podOf({ ports: {} }).containers[0].readinessProbe).toBeUndefined();
    expect(manifestsOf({ ports: {} }).filter(({ kind }) => kind === "Service")).toEqual([]);
  });

  test("is found by its plain name, on every port that it has", () => {
    const service = manifestsOf({}).find(({ kind }) => kind === "Service");
    expect(service?.metadata.name).toBe("db-main");
    expect(service?.spec.ports).toEqual([
      { name: "sql", port: 5432, protocol: "TCP", targetPort: "sql" },
      { name: "admin", port: 9000, protocol: "TCP", targetPort: "admin" },
    ]);
  });

  test("that is exposed lets others in to its main port alone", () => {
    const made = manifestsOf({}, { exposed: { port: null, host: "127.0.0.1", via: "load-balancer", hostname: null } });
    const door = made.find(({ kind, metadata }) => kind === "Service" && metadata.name === "a-db-main");
    expect(door?.spec).toMatchObject({ type: "LoadBalancer", ports: [{ port: 5432, targetPort: "sql" }] });
    const policy = made.find(({ metadata }) => metadata.name === "a-db-main-exposed");
    expect(policy?.spec.ingress).toEqual([{ ports: [{ port: "sql", protocol: "TCP" }] }]);
  });

  test("runs with its command, its arguments and its user, whose volumes are its group's", () => {
    const pod = podOf({ command: ["postgres"], args: ["-c", "x=1"], user: { uid: 999, gid: 998 } });
    expect(pod.containers[0]).toMatchObject({ command: ["postgres"], args: ["-c", "x=1"] });
    expect(pod.securityContext).toMatchObject({ runAsUser: 999, runAsGroup: 998, fsGroup: 998, runAsNonRoot: true });
    expect(podOf({ user: { uid: 0, gid: 0 } }).securityContext).toMatchObject({ runAsUser: 0, runAsNonRoot: false });
  });

  test("with storage is a StatefulSet of one, with the claim mounted where it is declared", () => {
    const made = manifestsOf({}, { storage: { path: "/var/lib/db", sizeBytes: 2 ** 30 } });
    expect(made.filter(({ kind }) => kind === "Deployment")).toEqual([]);
    const { spec } = made.find(({ kind }) => kind === "StatefulSet") ?? {};
    expect(spec).toMatchObject({ replicas: 1, serviceName: "a-db-main-pods" });
    const [claim] = spec.volumeClaimTemplates;
    expect(spec.template.spec.containers[0].volumeMounts).toContainEqual({
      name: claim.metadata.name,
      mountPath: "/var/lib/db",
    });
    expect(made.some(({ kind, metadata }) => kind === "Service" && metadata.name === "a-db-main-pods")).toBe(true);
  });

  test("has the secrets that it names as variables and as files, and no others", () => {
    const pod = podOf({}, { secrets: ["LICENCE"], generated: ["PASSWORD"] });
    const [container] = pod.containers;
    expect(container.env).toEqual([
      { name: "LICENCE", valueFrom: { secretKeyRef: { name: "a", key: "LICENCE" } } },
      { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "a-generated", key: "PASSWORD" } } },
    ]);
    expect(container.volumeMounts).toContainEqual({ name: "secrets", mountPath: "/run/secrets", readOnly: true });
    expect(pod.volumes).toContainEqual({
      name: "secrets",
      projected: {
        defaultMode: 0o444,
        sources: [
          { secret: { name: "a", items: [{ key: "LICENCE", path: "LICENCE" }] } },
          { secret: { name: "a-generated", items: [{ key: "PASSWORD", path: "PASSWORD" }] } },
        ],
      },
    });
  });
});

test("a generated secret that is not made yet is a change; one that is there is not, nor is one that is declared no more", () => {
  const topology = topologyOf("a", [
    { name: "b", generated: ["OLD", "NEW"] },
    { name: "c", generated: ["OLD"] },
  ]);
  const live = toGeneratedSecret("a", { OLD: "x", GONE: "y" });
  expect(generatedState(topology, { objects: new Map() })).toMatchObject({
    missing: ["NEW", "OLD"],
    changes: [{ action: "create", kind: "Secret", name: "a-generated", because: "NEW, OLD are made once, and kept" }],
  });
  expect(generatedState(topology, { objects: new Map([["Secret/a-generated", live]]) })).toMatchObject({
    live,
    missing: ["NEW"],
    changes: [{ action: "update", because: "NEW is made once, and kept" }],
  });
  const done = topologyOf("a", [{ name: "b" }]);
  expect(generatedState(done, { objects: new Map([["Secret/a-generated", live]]) })).toEqual({
    live,
    missing: [],
    changes: [],
  });
});

test("ninety replicas with default resources fit on two cores and eight gigabytes", () => {
  const [deployment] = make({ ...inputs, topology: topologyOf("a", [{ name: "b" }]) }).filter(
    ({ kind }) => kind === "Deployment",
  );
  expect(deployment!.spec.template.spec.containers[0].resources.requests).toEqual({ cpu: "10m", memory: "64Mi" });
});

test("replicas are told where an image is whose name is none in DNS, and there is a Service of that name", () => {
  const cache = service("cache.hot", image("redis:7", { port: 6379 }));
  const shop = service("shop", () => 1, { uses: [cache] });
  const { topology } = compose("shop", [shop, cache]);
  const objects = make({ ...inputs, topology });
  const env = objects.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === "shop-shop")!.spec
    .template.spec.containers[0].env as readonly { readonly name: string; readonly value: string }[];
  const hosts = JSON.parse(env.find(({ name }) => name === "HADRON_HOSTS")?.value ?? "{}") as Record<string, string>;
  const host = hosts["cache.hot"] ?? "";
  expect(host).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
  expect(objects.some(({ kind, metadata }) => kind === "Service" && metadata.name === host)).toBe(true);
  // One whose name is one is found by it.
  expect(
    JSON.stringify(make({ ...inputs, topology: compose("shop", [service("cache", image("redis:7"))]).topology })),
  ).not.toContain("HADRON_HOSTS");
});

test("texts in variables, commands and arguments arrive as they were declared: nothing in them is a reference", () => {
  const env = { PRICE: "$$5", TEMPLATE: "$(HADRON_APP)/x", PLAIN: "$HOME costs 5$" };
  const image = { reference: "redis:7", args: ["pa$$word-$HOME-$(PATH)"], command: ["run", "$(A)"], ports: {} };
  const topology = topologyOf("a", [
    { name: "b", env },
    { name: "c", image },
  ]);
  const made = make({ ...inputs, topology }).filter(({ kind }) => kind === "Deployment");
  const [own, foreign] = made.map(({ spec }) => spec.template.spec.containers[0]);
  const declared = (own!.env as { name: string; value: string }[]).filter(({ name }) => Object.hasOwn(env, name));
  expect(Object.fromEntries(declared.map(({ name, value }) => [name, value]))).toEqual({
    PRICE: "$$$5",
    TEMPLATE: "$$(HADRON_APP)/x",
    PLAIN: "$HOME costs 5$",
  });
  expect(foreign).toMatchObject({ args: ["pa$$$word-$HOME-$$(PATH)"], command: ["run", "$$(A)"] });
});
