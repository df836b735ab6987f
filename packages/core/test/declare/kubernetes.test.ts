import { type KubernetesManifest, type KubernetesOptions, service } from "@hadron/core";
import { compose, firstDifference, hashTopology } from "@hadron/core/spi";
import { scatter } from "@hadron/patterns";
import { describe, expect, test } from "vitest";

const leaf = () => 1;
const labels = { team: "shop" };

test("what is said of objects on a cluster is data in the topology: of the app, and of the service that says it", () => {
  const one = service(
    "one",
    scatter(2, leaf, () => 0),
    { kubernetes: { labels, limits: { "nvidia.com/gpu": 1 } } },
  );
  const { topology } = compose("a", [one], undefined, { annotations: { a: "b" }, patch() {} });
  expect(topology.kubernetes).toEqual({ annotations: { a: "b" } });
  expect(topology.services.map(({ name, kubernetes }) => [name, kubernetes])).toEqual([
    ["one", { labels, limits: { "nvidia.com/gpu": 1 } }],
    ["one.leaf", undefined],
  ]);
});

test("nothing said leaves nothing in the topology", () => {
  const { topology } = compose("a", [service("one", leaf, { kubernetes: { patch() {} } })], undefined, {});
  expect(JSON.stringify(topology)).not.toContain("kubernetes");
});

test("it is no part of what replicas compare: they do not know the options of run", () => {
  const of = (own?: KubernetesOptions, app?: KubernetesOptions) =>
    compose("a", [service("one", leaf, own === undefined ? {} : { kubernetes: own })], undefined, app).topology;
  expect(hashTopology(of({ labels }, { labels }))).toBe(hashTopology(of()));
  expect(firstDifference(of({ labels }, { labels }), of())).toBeUndefined();
});

test("patches of a service and of the app follow each other, and what the first leaves out is not shown to the second", () => {
  const seen: string[] = [];
  const own = (object: KubernetesManifest) => {
    seen.push(`own ${object.kind}`);
    return object.kind === "Ingress" ? null : { ...object, own: true };
  };
  const app = (object: KubernetesManifest) => {
    seen.push(`app ${object.kind} ${object.own}`);
    object.app = true;
  };
  const { kubernetesPatchOf } = compose("a", [service("one", leaf, { kubernetes: { patch: own } })], undefined, {
    patch: app,
  });
  const object = (kind: string) => ({ apiVersion: "v1", kind, metadata: { name: "x" } });
  expect(kubernetesPatchOf("one")?.(object("Service"))).toEqual({ ...object("Service"), own: true, app: true });
  expect(kubernetesPatchOf("one")?.(object("Ingress"))).toBeNull();
  expect(seen).toEqual(["own Service", "app Service true", "own Ingress"]);
  expect(kubernetesPatchOf(null)).toBe(app);
  expect(compose("a", [service("one", leaf)]).kubernetesPatchOf("one")).toBeUndefined();
});

describe("options that are none name the service and the option", () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [[], /service "one": kubernetes is .*, and should be an object/],
    [{ label: {} }, /service "one": kubernetes knows no option "label"; there are labels, annotations, /],
    [{ labels: ["team"] }, /kubernetes\.labels is .*, and should be an object/],
    [{ labels: { team: 7 } }, /kubernetes\.labels\["team"\] is number, and should be a string/],
    [{ requests: { cpu: null } }, /kubernetes\.requests\["cpu"\] is null, and should be a string or a number/],
    [{ tolerations: ["gpu"] }, /kubernetes\.tolerations should be a list of objects, as in a pod's spec/],
    [{ replicas: 0 }, /kubernetes\.replicas is 0, and should be a whole number, from 1/],
    [{ ingress: "nginx" }, /kubernetes\.ingress is nginx, and should be an object/],
    [{ ingress: { class: "nginx" } }, /kubernetes\.ingress knows no option "class"; there are className, tls, gateway/],
    [{ ingress: { gateway: "a/b/c" } }, /ingress\.gateway is a\/b\/c, and should be the name of a Gateway/],
    [{ ingress: { className: 7 } }, /kubernetes\.ingress\.className is 7, and should be a name/],
    [{ ingress: { tls: { secret: "a", issuer: "b" } } }, /ingress\.tls should name one of \{ secret \}, \{ issuer \}/],
    [{ ingress: { tls: true } }, /ingress\.tls should name one of \{ secret \}/],
    [{ patch: "a: b" }, /kubernetes\.patch is string, and should be a function \(object\) => …/],
  ];
  test.each(cases)("%j", (kubernetes, message) => {
    // What a type would not let through.
    const options = JSON.parse(JSON.stringify({ kubernetes })) as { kubernetes: KubernetesOptions };
    expect(() => service("one", leaf, options)).toThrow(message);
  });
});

test("how many there are on a cluster is said of replicas that are alike", () => {
  const kubernetes = { replicas: 2 };
  const stored = service("one", leaf, { kubernetes, storage: { path: "data" } });
  expect(() => compose("a", [stored])).toThrow(
    'service "one": kubernetes.replicas is for replicas that are alike, and those of "one" have storage.',
  );
  const leaves = service("leaf", leaf, { kubernetes });
  expect(() =>
    compose("a", [
      service(
        "one",
        scatter(2, leaves, () => 0),
      ),
    ]),
  ).toThrow('those of "leaf" are shards.');
  expect(() => compose("a", [service("one", leaf)], undefined, kubernetes)).toThrow(
    "run(…): kubernetes.replicas is said of a service, not of the app.",
  );
});
