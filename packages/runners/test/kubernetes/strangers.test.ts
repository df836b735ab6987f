import { expect, test } from "vitest";
import { Api } from "../../src/kubernetes/api/api.ts";
import { isOurs, selectorOf } from "../../src/kubernetes/objects/labels.ts";
import type { KubeObject } from "../../src/kubernetes/objects/objects.ts";
import { findIntents } from "../../src/kubernetes/plan/plan.ts";
import { keyOf } from "../../src/kubernetes/world/world.ts";
import { context } from "./harness.ts";

const objectOf = (name: string, labels: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, labels },
});
const ours = objectOf("ours", { "app.kubernetes.io/managed-by": "hadron", "app.kubernetes.io/part-of": "shop" });
/** Each lacks something of what makes an object the app's. */
const strangers = [
  objectOf("of-another-app", { "app.kubernetes.io/managed-by": "hadron", "app.kubernetes.io/part-of": "other" }),
  objectOf("of-another-tool", { "app.kubernetes.io/managed-by": "helm", "app.kubernetes.io/part-of": "shop" }),
  objectOf("of-nobody", {}),
  { ...objectOf("bare", {}), metadata: { name: "bare" } },
];

test("an object is the app's where both labels say so, and no other", () => {
  expect([ours, ...strangers].map((object) => isOurs(object, "shop"))).toEqual([true, false, false, false, false]);
});

test("what is asked for, watched and deleted by label is the app's alone", () => {
  expect(selectorOf("shop")).toBe("app.kubernetes.io/managed-by=hadron,app.kubernetes.io/part-of=shop");
  expect(selectorOf()).toBe("app.kubernetes.io/managed-by=hadron");
});

test("up removes no stranger's object, whatever a list has brought", async () => {
  // I10: nobody answers here; what is removed is found without asking.
  const user = { name: "x" };
  const tls = { ca: undefined, cert: undefined, key: undefined, servername: undefined, insecure: false };
  const place = { context: "x", server: "http://127.0.0.1:9", namespace: "x", proxyUrl: undefined };
  const api = new Api({ ...place, tls, user });
  const world = {
    objects: new Map([ours, ...strangers].map((object) => [keyOf(object), object])),
    hidden: [],
    going: [],
  };
  const { remove, spared } = await findIntents(api, [], world, {
    app: "shop",
    explicitApp: true,
    kept: [],
    context,
  });
  expect([remove.map(({ metadata }) => metadata.name), spared]).toEqual([["ours"], []]);
});
