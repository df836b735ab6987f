/** What `up` sends to a cluster, without one: what the server would make of it is what a test says. */
import { HadronError } from "@hadron/core";
import type { RunContext } from "@hadron/core/spi";
import { expect, test } from "vitest";
import type { Api, ApiRequest } from "../../src/kubernetes/api/api.ts";
import { ApiFailure } from "../../src/kubernetes/api/api-error.ts";
import { MANAGER, SCALE_MANAGER } from "../../src/kubernetes/objects/labels.ts";
import type { Deployment, KubeObject, Secret } from "../../src/kubernetes/objects/objects.ts";
import { mark } from "../../src/kubernetes/plan/compare.ts";
import { fit, ownerOfReplicas, wasScaled } from "../../src/kubernetes/plan/fit.ts";
import { findIntents, toChanges } from "../../src/kubernetes/plan/plan.ts";
import { keyOf, type World } from "../../src/kubernetes/world/world.ts";

const LABELS = { "app.kubernetes.io/managed-by": "hadron", "app.kubernetes.io/part-of": "shop" };
const context = { signal: new AbortController().signal } as RunContext;

const workload = (name: string, replicas: number, image = "a:1", labels: Record<string, string> = LABELS): Deployment =>
  ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels, annotations: { "dev.hadron.service": name } },
    spec: { replicas, template: { spec: { containers: [{ name: "replica", image }] } } },
  }) as unknown as Deployment;
const service = (name: string, labels: Record<string, string> = LABELS) =>
  ({ apiVersion: "v1", kind: "Service", metadata: { name, labels }, spec: { ports: [] } }) as unknown as KubeObject;
const secret = (data: Record<string, string>): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "shop", labels: LABELS },
  type: "Opaque",
  data,
});
const managed = (...managers: string[]) =>
  managers.map((manager) => ({ manager, operation: "Apply", fieldsV1: { "f:spec": { "f:replicas": {} } } }));
const by = <T extends KubeObject>(object: T, ...managers: string[]): T =>
  ({ ...object, metadata: { ...object.metadata, managedFields: managed(...managers) } }) as T;

const worldOf = (...objects: readonly KubeObject[]): World => ({
  objects: new Map(objects.map((object) => [keyOf(object), object])),
  hidden: [],
  going: [],
});

/** A server that would take everything as it is sent, and remembers what it was asked. */
function server(answer: (request: ApiRequest) => unknown = ({ body }) => body) {
  const asked: ApiRequest[] = [];
  const json = async (request: ApiRequest) => {
    asked.push(request);
    return answer(request);
  };
  return { asked, api: { namespace: "default", json } as unknown as Api };
}
const intents = (api: Api, manifests: readonly KubeObject[], world: World, more: { explicitApp?: boolean } = {}) =>
  findIntents(api, manifests, world, { app: "shop", explicitApp: false, kept: [], context, ...more });

test("what is there as it was applied costs no request and is no change", async () => {
  const { api, asked } = server();
  const wanted = workload("web", 2);
  const found = await intents(api, [wanted], worldOf(mark(wanted)));
  expect([found, asked]).toEqual([{ send: [], remove: [], spared: [] }, []]);
});

test("what differs is told field by field, as the server would change it; a new template replaces pods", async () => {
  const { api, asked } = server();
  const found = await intents(api, [workload("web", 2, "a:2")], worldOf(mark(workload("web", 2))));
  expect(toChanges(found)).toEqual([
    {
      action: "update",
      kind: "Deployment",
      name: "web",
      because: "spec.template.spec.containers[replica].image: a:1 → a:2",
    },
  ]);
  expect(found.send[0]).toMatchObject({ newTemplate: true, rescale: undefined });
  expect(asked).toMatchObject([{ method: "PATCH", query: { dryRun: "All", fieldManager: MANAGER } }]);
});

test("another count is no new template; our own mark alone is sent, and is no change for anybody", async () => {
  const more = await intents(server().api, [workload("web", 3)], worldOf(mark(workload("web", 2))));
  expect(more.send[0]).toMatchObject({ newTemplate: false, change: { because: "spec.replicas: 2 → 3" } });
  const unmarked = await intents(server().api, [workload("web", 2)], worldOf(workload("web", 2)));
  expect(unmarked.send).toHaveLength(1);
  expect(toChanges(unmarked)).toEqual([]);
});

test("a field that is fixed for an object's life replaces it; any other refusal is one", async () => {
  const refusal = (code: number, message: string) => () => {
    throw new HadronError("RUNNER_FAILED", message, { cause: new ApiFailure({ code, reason: "Invalid", message }) });
  };
  const live = worldOf(mark(workload("web", 2)));
  for (const text of [
    "field is immutable",
    "updates to statefulset spec for fields other",
    "may not change once set",
  ]) {
    const found = await intents(server(refusal(422, text)).api, [workload("web", 3)], live);
    expect(found.send[0]).toMatchObject({
      change: { action: "replace", because: "a field that cannot be changed in place" },
      newTemplate: true,
    });
  }
  for (const [code, text] of [
    [422, "must be less than 63 characters"],
    [403, "field is immutable"],
  ] as const) {
    await expect(intents(server(refusal(code, text)).api, [workload("web", 3)], live)).rejects.toThrow(text);
  }
});

test("a count that scale has set goes back to what is declared; one that an autoscaler owns stays", async () => {
  const wanted = workload("web", 2);
  const scaled = by(mark(workload("web", 5)), SCALE_MANAGER);
  const back = await intents(server().api, [wanted], worldOf(scaled));
  expect(back.send[0]).toMatchObject({ rescale: 2, change: { because: "spec.replicas: 5 → 2" } });
  const autoscaled = by(mark(workload("web", 5)), "hpa", SCALE_MANAGER);
  // Applied without a count, the object keeps the one that it has.
  const keeping = server(({ body }) => ({
    ...(body as Deployment),
    spec: { replicas: 5, ...(body as Deployment).spec },
  }));
  const stays = await intents(keeping.api, [wanted], worldOf(autoscaled));
  expect(stays.send.map(({ rescale }) => rescale)).toEqual(stays.send.map(() => undefined));
  expect(toChanges(stays)).toEqual([]);
  const asDeclared = await intents(server().api, [wanted], worldOf(by(mark(wanted), SCALE_MANAGER)));
  expect(asDeclared.send).toEqual([]);
});

test("what is ours and no longer declared is removed, what is somebody else's is not", async () => {
  const theirs = { ...LABELS, "app.kubernetes.io/part-of": "other" };
  const unmanaged = { "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/managed-by": "helm" };
  const world = worldOf(
    mark(workload("web", 2)),
    service("old"),
    service("theirs", theirs),
    service("helm", unmanaged),
  );
  const found = await intents(server().api, [workload("web", 2)], world);
  expect(toChanges(found)).toEqual([
    { action: "delete", kind: "Service", name: "old", because: "it is no longer declared" },
  ]);
});

test("an app of this name without any of these services is spared, unless its name was said", async () => {
  const world = worldOf(workload("their-web", 1), service("their-web"));
  const found = await intents(server().api, [workload("web", 2)], world);
  expect(found.spared.map(keyOf)).toEqual(["Deployment/their-web", "Service/their-web"]);
  expect(found.remove).toEqual([]);
  const said = await intents(server().api, [workload("web", 2)], world, { explicitApp: true });
  expect([said.spared, said.remove.map(keyOf)]).toEqual([[], ["Deployment/their-web", "Service/their-web"]]);
  // A Service alone is nobody's service.
  const bare = await intents(server().api, [workload("web", 2)], worldOf(service("left")));
  expect(bare.remove.map(keyOf)).toEqual(["Service/left"]);
});

test("what is kept on purpose stays, whatever is declared", async () => {
  const world = worldOf(mark(workload("web", 2)), secret({}));
  const options = { app: "shop", explicitApp: false, context };
  const kept = await findIntents(server().api, [workload("web", 2)], world, { ...options, kept: [secret({})] });
  expect(kept.remove).toEqual([]);
});

test("a manifest leaves an autoscaler its count, and says all else", () => {
  const wanted = workload("web", 2);
  expect(fit(wanted, undefined)).toEqual(mark(wanted));
  expect(fit(wanted, by(workload("web", 4), MANAGER, SCALE_MANAGER))).toEqual(mark(wanted));
  const fitted = fit(wanted, by(workload("web", 4), "hpa")) as Deployment;
  expect(fitted.spec).toEqual({ template: wanted.spec?.template });
  expect(fit(service("web"), service("web"))).toEqual(mark(service("web")));
});

test("who decides a count is who owns the field, other than we", () => {
  const live = workload("web", 2);
  expect([ownerOfReplicas(live), wasScaled(live)]).toEqual([undefined, false]);
  expect(ownerOfReplicas(by(live, MANAGER, SCALE_MANAGER))).toBeUndefined();
  expect(ownerOfReplicas(by(live, MANAGER, "keda"))).toBe("keda");
  expect([wasScaled(by(live, SCALE_MANAGER)), wasScaled(by(live, MANAGER, "keda"))]).toEqual([true, false]);
  const others = [
    { manager: "hpa", operation: "Update", fieldsV1: { "f:status": {} } },
    { manager: SCALE_MANAGER, operation: "Apply" },
  ];
  const touched = { ...live, metadata: { ...live.metadata, managedFields: others } } as unknown as Deployment;
  expect([ownerOfReplicas(touched), wasScaled(touched)]).toEqual([undefined, false]);
});
