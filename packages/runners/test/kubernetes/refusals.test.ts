import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findTarget } from "../../src/kubernetes/api/kube-config.ts";
import { selectorOf } from "../../src/kubernetes/objects/labels.ts";
import { OWN_KINDS, pathOf } from "../../src/kubernetes/objects/objects.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { removeNamespace, skip, useNamespace } from "./cluster.ts";
import { context, fixture, runnerFor } from "./harness.ts";

const space = useNamespace();
const { signal } = context;
const folder = mkdtempSync(join(tmpdir(), "hadron-refusals-"));
afterAll(() => rmSync(folder, { recursive: true }));

const made = async (app: string) =>
  (await Promise.all(OWN_KINDS.map((kind) => listObjects(space.api, kind, selectorOf(app), signal)))).flat();
const post = (path: string, body: object) =>
  space.api.json<any>({ method: "POST", path, body, what: "make it", signal });

describe.skipIf(skip !== undefined)(`what a cluster refuses (${skip ?? "there is one"})`, { timeout: 60_000 }, () => {
  test("an object of that name that is not ours is never touched, and told", async () => {
    const labels = { theirs: "yes" };
    const pod = { metadata: { labels }, spec: { containers: [{ name: "x", image: "127.0.0.1:9/none" }] } };
    const theirs = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "taken-web", labels },
      spec: { replicas: 0, selector: { matchLabels: labels }, template: pod },
    };
    const before = await post(pathOf("Deployment", space.name), theirs);
    await expect(runnerFor(space.env).apply(await fixture("web.ts", "taken"), context)).rejects.toThrow(
      /There is a Deployment "taken-web" in namespace .*, and it was not made by Hadron: it is left alone/,
    );
    const { metadata } = await space.api.json<any>({
      path: pathOf("Deployment", space.name, "taken-web"),
      what: "read",
      signal,
    });
    expect([metadata.uid, metadata.labels]).toEqual([before.metadata.uid, labels]);
    expect(await made("taken")).toEqual([]);
    expect(await runnerFor(space.env).delete("taken", { data: true }, context)).toEqual({ left: [], kept: [] });
    await space.api.json({ path: pathOf("Deployment", space.name, "taken-web"), what: "read", signal });
  });

  test("a user with few rights is told which is missing, by verb, resource and namespace", async () => {
    const { server, tls } = findTarget({ env: process.env, context: undefined, namespace: undefined });
    const user = {
      "client-certificate-data": tls.cert?.toString("base64"),
      "client-key-data": tls.key?.toString("base64"),
      as: "ann",
    };
    const path = join(folder, "config");
    writeFileSync(
      path,
      JSON.stringify({
        "current-context": "few",
        contexts: [{ name: "few", context: { cluster: "c", user: "ann" } }],
        clusters: [{ name: "c", cluster: { server, "certificate-authority-data": tls.ca?.toString("base64") } }],
        users: [{ name: "ann", user }],
      }),
    );
    const ann = runnerFor({ ...space.env, KUBECONFIG: path });
    await expect(ann.status("few", context)).rejects.toThrow(
      new RegExp(`"ann" may not \\w+ \\w+ in namespace "${space.name}" \\(context "few"\\)`),
    );

    // What an app of Deployments needs, and no more: no Secrets, no StatefulSets, no Ingresses, no events.
    const rules = [
      {
        apiGroups: [""],
        resources: ["services", "configmaps", "serviceaccounts"],
        verbs: ["get", "list", "create", "patch", "delete"],
      },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "delete"] },
      { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list", "watch", "create", "patch"] },
      {
        apiGroups: ["networking.k8s.io"],
        resources: ["networkpolicies"],
        verbs: ["get", "list", "create", "patch", "delete"],
      },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "patch", "delete"] },
      {
        apiGroups: ["policy"],
        resources: ["poddisruptionbudgets"],
        verbs: ["get", "list", "create", "patch", "delete"],
      },
    ];
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${space.name}`;
    await post(`${rbac}/roles`, { metadata: { name: "few" }, rules });
    await post(`${rbac}/rolebindings`, {
      metadata: { name: "few" },
      subjects: [{ kind: "User", name: "ann" }],
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "few" },
    });
    const { status } = await ann.apply(await fixture("web.ts", "few"), context);
    expect(status.services[0]!.replicas).toHaveLength(2);
    await expect(ann.scale("few", "web", 1, context)).rejects.toThrow(
      /"ann" may not patch deployments(\.apps\/scale|\/scale\.apps|\/scale) in namespace|may not \w+ statefulsets/,
    );
    await expect(ann.delete("few", { data: true }, context)).rejects.toThrow(
      /"ann" may not delete deployments\.apps in namespace/,
    );
    expect(await runnerFor(space.env).delete("few", { data: true }, context)).toEqual({ left: [], kept: [] });
  });

  test("a namespace that is not there is named, with the command that makes it", async () => {
    const program = await fixture("web.ts", "nowhere");
    await expect(runnerFor(space.env, { namespace: "hadron-test-nowhere" }).apply(program, context)).rejects.toThrow(
      /There is no namespace "hadron-test-nowhere".*kubectl create namespace hadron-test-nowhere/,
    );
  });

  test("a namespace that is being deleted takes nothing new, and that is said", async () => {
    const name = `${space.name}-going`;
    await post("/api/v1/namespaces", { metadata: { name } });
    const held = pathOf("ConfigMap", name, "held");
    await post(pathOf("ConfigMap", name), { metadata: { name: "held", finalizers: ["example.com/held"] } });
    await removeNamespace(space.api, name);
    try {
      await expect(
        runnerFor(space.env, { namespace: name }).apply(await fixture("web.ts", "late"), context),
      ).rejects.toThrow(new RegExp(`The namespace "${name}" is being deleted, and takes nothing new`));
    } finally {
      await space.api.json({
        method: "PATCH",
        path: held,
        body: { metadata: { finalizers: null } },
        type: "application/merge-patch+json",
        what: "let go",
        signal,
      });
    }
  });

  test("a service that asks for more than any node has is not ready: up says so in the scheduler's words", async () => {
    const failed = runnerFor(space.env).apply(await fixture("greedy.ts", "greedy"), context);
    await expect(failed).rejects.toThrow(/greedy\.\S+ does not come up: no node fits: .*Insufficient cpu/);
    const { services } = await runnerFor(space.env).status("greedy", context);
    expect(services.flatMap(({ replicas }) => replicas.map(({ state }) => state))).toEqual(["starting"]);
    await runnerFor(space.env).delete("greedy", { data: true }, context);
  });

  test("a cluster that is not there is named by its address", async () => {
    const path = join(folder, "gone");
    writeFileSync(
      path,
      JSON.stringify({
        "current-context": "gone",
        contexts: [{ name: "gone", context: { cluster: "c", user: "u" } }],
        clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:9" } }],
        users: [],
      }),
    );
    await expect(runnerFor({ ...space.env, KUBECONFIG: path }).status("x", context)).rejects.toThrow(
      /The cluster of context "gone" at https:\/\/127\.0\.0\.1:9 does not answer .*ECONNREFUSED.*--context/,
    );
  });

  test("without a registry there is nothing to pull from, and that is said before anything is made", async () => {
    const env = { ...space.env, DOCKER_REGISTRY: "" };
    await expect(runnerFor(env).apply(await fixture("web.ts", "nowhere"), context)).rejects.toMatchObject({
      code: "WRONG_USE",
      message: expect.stringContaining("--registry or DOCKER_REGISTRY"),
    });
  });
});
