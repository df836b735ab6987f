import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readObject } from "../../src/kubernetes/api/send.ts";
import { OWN_KINDS, pathOf } from "../../src/kubernetes/objects/objects.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { eventually } from "../../src/suite.ts";
import { nodes, skip, useNamespace } from "./cluster.ts";
import { roleOfDocs } from "./docs-role.ts";
import { context, type Loose } from "./harness.ts";

const space = useNamespace();
const { signal } = context;
const elsewhere = skip ?? (nodes.some((one) => one.isHere) ? undefined : "no node has this machine's files");

const repository = fileURLToPath(new URL("../../../../", import.meta.url));
const file = "packages/runners/test/kubernetes/fixtures/web.ts";
const job = "deployer";

describe.skipIf(elsewhere !== undefined)(
  `inside a pod (${elsewhere ?? "there is a cluster"})`,
  { timeout: 300_000 },
  () => {
    const make = (path: string, body: object) =>
      space.api.json({ method: "POST", path, body, what: "prepare a pod", signal });
    const readLog = () =>
      space.api.text({ path: `${pathOf("Pod", space.name, job)}/log`, what: "read its log", signal });

    afterAll(async () => {
      if (elsewhere !== undefined) return;
      await space.api.json({ method: "DELETE", path: pathOf("Pod", space.name, job), what: "delete it", signal });
    }, 60_000);

    test("every verb works by the pod's service account, with the Role of docs/kubernetes.md and no kubeconfig", async () => {
      const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${space.name}`;
      await make(pathOf("ServiceAccount", space.name), { metadata: { name: job } });
      await make(`${rbac}/roles`, { ...roleOfDocs(), metadata: { name: job } });
      await make(`${rbac}/rolebindings`, {
        metadata: { name: job },
        subjects: [{ kind: "ServiceAccount", name: job, namespace: space.name }],
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: job },
      });
      const verbs = ["plan", "up", "plan", "status", `call web hello '"Ann"'`, "scale web 1", "delete", "status"];
      const script = verbs
        .map((verb) => `node node_modules/tsx/dist/cli.mjs ${file} ${verb} --runner=kubernetes --app=inside --json`)
        .join(" && ");
      const { DOCKER_REGISTRY, HADRON_BASE_IMAGE = "node:24-slim" } = process.env;
      await make(pathOf("Pod", space.name), {
        metadata: { name: job },
        spec: {
          serviceAccountName: job,
          restartPolicy: "Never",
          // The registry may be one that only the nodes reach.
          hostNetwork: true,
          containers: [
            {
              name: job,
              image: HADRON_BASE_IMAGE,
              command: ["sh", "-c", script],
              workingDir: repository,
              env: [
                { name: "DOCKER_REGISTRY", value: DOCKER_REGISTRY },
                { name: "HADRON_BASE_IMAGE", value: HADRON_BASE_IMAGE },
              ],
              volumeMounts: [{ name: "repository", mountPath: repository, readOnly: true }],
            },
          ],
          volumes: [{ name: "repository", hostPath: { path: repository, type: "Directory" } }],
        },
      });
      const phase = await eventually(async () => {
        const pod = (await readObject(space.api, "Pod", job, signal)) as Loose | undefined;
        return pod?.status.phase === "Succeeded" || pod?.status.phase === "Failed" ? pod.status.phase : undefined;
      }, 250);
      const log = await readLog();
      expect(`${phase}\n${log}`).toMatch(/^Succeeded/);
      const [plan, up, again, status, answer, ...rest] = log
        .split("\n")
        .filter((line) => /^[{["]/.test(line))
        .map((line) => JSON.parse(line));
      expect(plan.changes.map(({ action }: any) => action)).toEqual(Array(plan.changes.length).fill("create"));
      for (const { services } of [up, status]) {
        expect(services[0].replicas.map(({ state }: any) => state)).toEqual(["ready", "ready"]);
      }
      expect(again).toEqual({ changes: [] });
      expect(answer).toBe("Hello, Ann!");
      expect(rest.at(-1).services).toEqual([]);
      const left = await Promise.all(
        OWN_KINDS.map((kind) => listObjects(space.api, kind, "app.kubernetes.io/part-of=inside", signal)),
      );
      expect(left.flat()).toEqual([]);
    });
  },
);
