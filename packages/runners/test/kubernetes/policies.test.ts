import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selectorOf } from "../../src/kubernetes/objects/labels.ts";
import { OWN_KINDS, pathOf } from "../../src/kubernetes/objects/objects.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { toProgram } from "../../src/suite.ts";
import { skip, useNamespace } from "./cluster.ts";
import { desk, rules } from "./fixtures/office.ts";
import { call, context, type Loose, runnerFor } from "./harness.ts";

const space = useNamespace({ labels: { "example.com/policed": "yes" } });
const { signal } = context;
const runner = runnerFor(space.env);
const entry = fileURLToPath(new URL("fixtures/office.ts", import.meta.url));
const program = (app: string, kubernetes?: typeof rules) => toProgram(entry, app, [desk], {}, kubernetes);
const post = (path: string, body: object) =>
  space.api.json<any>({ method: "POST", path, body, what: "make it", signal });
const made = async (app: string) =>
  (await Promise.all(OWN_KINDS.map((kind) => listObjects(space.api, kind, selectorOf(app), signal)))).flat();

const POLICIES = "/apis/admissionregistration.k8s.io/v1";
const policy = `${space.name}-team`;

describe.skipIf(skip !== undefined)(`a namespace with rules (${skip ?? "there is one"})`, { timeout: 90_000 }, () => {
  beforeAll(async () => {
    await post(`/api/v1/namespaces/${space.name}/limitranges`, {
      metadata: { name: "least" },
      spec: { limits: [{ type: "Container", min: { cpu: "50m", memory: "80Mi" } }] },
    });
    await post(`/api/v1/namespaces/${space.name}/resourcequotas`, {
      metadata: { name: "most" },
      spec: { hard: { "requests.cpu": "250m", "requests.memory": "400Mi", pods: "4" } },
    });
    const rule = (apiGroups: string[], resources: string[]) => ({
      apiGroups,
      apiVersions: ["v1"],
      operations: ["CREATE", "UPDATE"],
      resources,
    });
    await post(`${POLICIES}/validatingadmissionpolicies`, {
      metadata: { name: policy },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: { resourceRules: [rule(["apps"], ["deployments"]), rule([""], ["pods", "services"])] },
        validations: [
          {
            expression: "has(object.metadata.labels) && 'team' in object.metadata.labels",
            message: "say whose it is: label team",
          },
        ],
      },
    });
    await post(`${POLICIES}/validatingadmissionpolicybindings`, {
      metadata: { name: policy },
      spec: {
        policyName: policy,
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": space.name } } },
      },
    });
  });
  afterAll(async () => {
    for (const kind of ["validatingadmissionpolicybindings", "validatingadmissionpolicies"])
      await space.api.json({ method: "DELETE", path: `${POLICIES}/${kind}/${policy}`, what: "remove it", signal });
  });

  test("an app that says what they ask for runs there, and is as it was said", async () => {
    // A policy is in force a moment after it was made.
    await expect
      .poll(
        () =>
          post(pathOf("Service", space.name), { metadata: { name: "trial" }, spec: { ports: [{ port: 1 }] } }).then(
            () => "made",
            (error: Error) => error.message,
          ),
        { timeout: 20_000 },
      )
      .toMatch(/label team|already exists/);
    const { status } = await runner.apply(program("office", rules), context);
    expect(status.services.map(({ name, replicas }) => [name, replicas.map(({ state }) => state)])).toEqual([
      ["desk", ["ready", "ready"]],
    ]);
    expect(await call(runner, "office", "desk", "desk", "Ann")).toBe("Dear Ann");
    const pods = (await listObjects(space.api, "Pod", selectorOf("office"), signal)) as readonly Loose[];
    for (const { metadata, spec } of pods) {
      expect(metadata.labels).toMatchObject({ team: "desk", "cost.example.com/centre": "4711" });
      expect(metadata.annotations).toMatchObject({ "example.com/contact": "office@example.com" });
      expect(spec.containers[0].resources.requests).toEqual({ cpu: "60m", memory: "96Mi" });
      expect(spec.nodeSelector).toEqual({ "kubernetes.io/os": "linux" });
      expect(spec.tolerations).toContainEqual({ key: "dedicated", operator: "Exists", effect: "NoSchedule" });
      expect(spec.hostname).toBe("desk");
    }
    const objects = await made("office");
    expect(objects.filter(({ metadata }) => metadata.labels?.["cost.example.com/centre"] !== "4711")).toEqual([]);
    expect(objects.filter(({ kind }) => kind === "PodDisruptionBudget")).toEqual([]);
  });

  test("applied again nothing changes; a label that is no longer said goes, and plan says which", async () => {
    expect(await runner.plan(program("office", rules), context)).toEqual({ changes: [] });
    const { "cost.example.com/centre": _, ...labels } = { ...rules.labels };
    const { changes } = await runner.plan(program("office", { ...rules, labels }), context);
    expect(changes).toContainEqual({
      action: "update",
      kind: "Deployment",
      name: "office-desk",
      because: expect.stringContaining("metadata.labels.cost.example.com/centre: 4711 → nothing"),
    });
    expect(await runner.delete("office", { data: true }, context)).toEqual({ left: [], kept: [] });
  });

  test("an app that does not say it is refused in the policy's words, by plan and before anything is made", async () => {
    const bare = toProgram(entry, "bare", [desk], {}, { patch: (object) => void delete object.metadata.labels?.team });
    const words = /would not \w+ \w+ "bare-desk\S*".*say whose it is: label team/;
    await expect(runner.plan(bare, context)).rejects.toThrow(words);
    await expect(runner.apply(bare, context)).rejects.toThrow(words);
    expect(await made("bare")).toEqual([]);
  });

  test("a pod that is smaller than the least is refused in the cluster's words", async () => {
    const small = toProgram(entry, "small", [desk], {}, { ...rules, requests: { cpu: "1m" } });
    await expect(runner.apply(small, context)).rejects.toThrow(
      /desk does not come up: its pods cannot be made: .*minimum cpu usage per Container is 50m/,
    );
    await runner.delete("small", { data: true }, context);
  });
});
