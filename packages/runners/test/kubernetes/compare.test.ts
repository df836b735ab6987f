import { expect, test } from "vitest";
import type { Secret, Service } from "../../src/kubernetes/objects/objects.ts";
import { differences, isAsWanted, mark } from "../../src/kubernetes/plan/compare.ts";

const object = (spec: unknown, more: Partial<Service["metadata"]> = {}) =>
  ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "x", ...more },
    spec,
  }) as Service;

test("what the server added and what others own is no difference", () => {
  const wanted = mark(object({ ports: [{ name: "http", port: 80 }] }));
  const live = object(
    {
      ports: [
        { name: "sidecar", port: 1 },
        { name: "http", port: 80, protocol: "TCP" },
      ],
      type: "ClusterIP",
    },
    { ...wanted.metadata, annotations: { ...wanted.metadata.annotations, theirs: "1" } },
  );
  expect(isAsWanted(wanted, live)).toBe(true);
});

test("a changed value, a missing item and an object that is going are differences", () => {
  const wanted = mark(object({ ports: [{ name: "http", port: 80 }], list: ["a", "b"] }));
  const live = (spec: unknown, more = {}) => object(spec, { ...wanted.metadata, ...more });
  expect(isAsWanted(wanted, live({ ports: [{ name: "http", port: 81 }], list: ["a", "b"] }))).toBe(false);
  expect(isAsWanted(wanted, live({ ports: [], list: ["a", "b"] }))).toBe(false);
  expect(isAsWanted(wanted, live({ ports: [{ name: "http", port: 80 }], list: ["a"] }))).toBe(false);
  expect(isAsWanted(wanted, live(wanted.spec, { deletionTimestamp: "now" }))).toBe(false);
});

test("what is no longer said is a difference, though all that is said is so", () => {
  const before = mark(object({ a: 1, b: 2 }));
  expect(isAsWanted(mark(object({ a: 1 })), before)).toBe(false);
});

test("differences are told field by field, items by their names", () => {
  const before = object(
    { template: { containers: [{ name: "replica", image: "a:1" }] }, replicas: 2 },
    { resourceVersion: "1", generation: 1 },
  );
  const after = object(
    { template: { containers: [{ name: "replica", image: "a:2" }] }, replicas: 2, extra: { deep: true } },
    { resourceVersion: "1", generation: 2 },
  );
  expect(differences(before, after)).toEqual([
    "spec.template.containers[replica].image: a:1 → a:2",
    "spec.extra.deep: nothing → true",
  ]);
});

test("values of secrets are never told", () => {
  const secret = (data: Record<string, string>): Secret => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s" },
    data,
  });
  const told = differences(secret({ A: "b2xk", B: "c2FtZQ==" }), secret({ A: "bmV3", C: "bW9yZQ==" }));
  expect(told).toEqual(["data.A changed", "data.B is gone", "data.C is new"]);
});
