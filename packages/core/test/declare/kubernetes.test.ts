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
    [{ patch: "a: b" }, /kubernetes\.patch is string, and should be a function \(object\) => …/],
  ];
  test.each(cases)("%j", (kubernetes, message) => {
    // What a type would not let through.
    const options = JSON.parse(JSON.stringify({ kubernetes })) as { kubernetes: KubernetesOptions };
    expect(() => service("one", leaf, options)).toThrow(message);
  });
});
