import fc from "fast-check";
import { expect, test } from "vitest";
import { nameObjects } from "../../src/kubernetes/objects/names.ts";
import { topologyOf } from "./topologies.ts";

const named = (app: string, ...services: string[]) =>
  nameObjects(
    topologyOf(
      app,
      services.map((name) => ({ name })),
    ),
  );

test("app and service are joined by dashes", () => {
  expect(named("histogram", "histogram-service", "histogram-service.leaf").get("histogram-service.leaf")).toEqual({
    base: "histogram-histogram-service-leaf",
    pods: "histogram-histogram-service-leaf-pods",
    label: "histogram-service.leaf",
  });
});

test("names that would meet get a hash, and the one without dots keeps its own", () => {
  const names = named("x", "a.b", "a-b");
  expect(names.get("a-b")?.base).toBe("x-a-b");
  expect(names.get("a.b")?.base).toMatch(/^x-a-b-[0-9a-f]{6}$/);
  const suffixed = named("x", "a", "a-pods");
  expect(suffixed.get("a")?.pods).toBe("x-a-pods");
  expect(suffixed.get("a-pods")?.base).toMatch(/^x-a-pods-[0-9a-f]{6}$/);
});

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);

test("whatever the services are called, all names differ and are valid for what they name", () => {
  const services = fc.uniqueArray(
    fc.array(label, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(".")),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(label, services, (app, names) => {
      const made = [...named(app, ...names).values()];
      const all = made.flatMap(({ base, pods }) => [base, pods]);
      expect(new Set(all).size).toBe(all.length);
      for (const name of all) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
      for (const { base, pods, label } of made) {
        // "-" and a revision's hash of ten behind a StatefulSet's name.
        expect(base.length).toBeLessThanOrEqual(52);
        expect(pods.length).toBeLessThanOrEqual(63);
        expect(label).toMatch(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/);
      }
    }),
  );
});
