import { afterAll, describe, expect, test } from "vitest";
import { selectorOf } from "../../src/kubernetes/objects/labels.ts";
import { type Kind, pathOf } from "../../src/kubernetes/objects/objects.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { removeNamespace, skip, useNamespace } from "./cluster.ts";
import { call, context, fixture, runnerFor } from "./harness.ts";

const space = useNamespace();
const { signal } = context;
const runner = runnerFor(space.env);
const HOLDER = "example.com/held";

async function patch(kind: Kind, name: string, finalizers: readonly string[] | null): Promise<void> {
  await space.api.json({
    method: "PATCH",
    path: pathOf(kind, space.name, name),
    body: { metadata: { finalizers } },
    type: "application/merge-patch+json",
    what: "hold it, or let it go",
    signal,
  });
}
/** Deletes an object that somebody holds. */
async function remove(kind: Kind, name: string): Promise<void> {
  await patch(kind, name, [HOLDER]);
  await space.api.json({ method: "DELETE", path: pathOf(kind, space.name, name), what: "delete it", signal });
}
const pods = (app: string) => listObjects(space.api, "Pod", selectorOf(app), signal);

describe.skipIf(skip !== undefined)(
  `what is being deleted (${skip ?? "there is a cluster"})`,
  { timeout: 120_000 },
  () => {
    afterAll(async () => {
      for (const pod of [...(await pods("going")), ...(await pods("shard"))])
        await patch("Pod", pod.metadata.name, null);
    });

    test("does not count as there: status, list and connect find no such app, and plan makes it anew, with the reason", async () => {
      const program = await fixture("web.ts", "going");
      await runner.apply(program, context);
      await remove("ConfigMap", "going");
      await remove("Deployment", "going-web");
      expect(await runner.status("going", context)).toMatchObject({ revision: null, services: [] });
      expect((await runner.list(context)).map(({ app }) => app)).not.toContain("going");
      await expect(runner.connect("going", context)).rejects.toThrow(/"going"/);
      const { changes } = await runner.plan(program, context);
      const because = `the one that is there is being deleted, held by ${HOLDER}`;
      expect(changes).toEqual([
        { action: "create", kind: "ConfigMap", name: "going", because },
        { action: "create", kind: "Deployment", name: "going-web", because },
      ]);
    });

    test("is waited for by up, which says what holds it, no longer than --wait, and changes nothing until then", async () => {
      const program = await fixture("web.ts", "going");
      const before = await space.api.json<any>({
        path: pathOf("Service", space.name, "going-web-pods"),
        what: "read",
        signal,
      });
      await expect(runner.apply(program, { ...context, waitMs: 1000 })).rejects.toThrow(
        /ConfigMap "going" is being deleted, held by example\.com\/held; Deployment "going-web" is being deleted, held by example\.com\/held, and was after 1 s still there: nothing was changed\. .*--wait/,
      );
      const after = await space.api.json<any>({
        path: pathOf("Service", space.name, "going-web-pods"),
        what: "read",
        signal,
      });
      expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);

      const steps: string[] = [];
      const letGo = async (detail: string) => {
        steps.push(detail);
        if (steps.length > 1) return;
        await patch("ConfigMap", "going", null);
        await patch("Deployment", "going-web", null);
      };
      const step = (subject: string, detail: string) => void (subject === "delete" && letGo(detail));
      const { status } = await runner.apply(program, { ...context, progress: { step, note() {} } });
      expect(steps[0]).toMatch(
        /^waiting until it is gone: ConfigMap "going" is being deleted, held by example\.com\/held/,
      );
      expect(status.services[0]?.replicas.filter(({ state }) => state === "ready")).toHaveLength(2);
      expect(await call(runner, "going", "web", "hello", "Ann")).toBe("Hello, Ann!");
    });

    test("a pod that has ended and is held keeps neither up nor scale, and status says what it is", async () => {
      const [pod] = await pods("going");
      await remove("Pod", pod!.metadata.name);
      const program = await fixture("web.ts", "going");
      const held = async () => {
        const { services } = await runner.status("going", context);
        return services[0]!.replicas.filter(
          ({ reason }) => reason === `it has ended, and is being deleted, held by ${HOLDER}`,
        );
      };
      await expect.poll(held, { timeout: 30_000 }).toMatchObject([{ state: "draining" }]);
      await runner.apply(program, context);
      await runner.scale("going", "web", 3, context);
      expect((await pods("going")).filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toHaveLength(3);
    });

    test("a shard's pod that is held is told, since nothing takes its place", async () => {
      const program = await fixture("kept.ts", "shard");
      await runner.apply(program, context);
      const [pod] = (await pods("shard")).filter(
        ({ metadata }) => metadata.ownerReferences?.[0]?.kind === "StatefulSet",
      );
      await remove("Pod", pod!.metadata.name);
      await expect(runner.apply(program, { ...context, waitMs: 3000 })).rejects.toThrow(
        /does not come up: its pod has ended, and is being deleted, held by example\.com\/held: none takes its place until it is gone/,
      );
      await patch("Pod", pod!.metadata.name, null);
      await runner.apply(program, context);
    });

    test("a namespace that is being deleted is told by plan as well, before anything is said of what would be made", async () => {
      const name = `${space.name}-ends`;
      await space.api.json({
        method: "POST",
        path: "/api/v1/namespaces",
        body: { metadata: { name } },
        what: "make",
        signal,
      });
      const body = { metadata: { name: "held", finalizers: [HOLDER] } };
      await space.api.json({ method: "POST", path: pathOf("ConfigMap", name), body, what: "make", signal });
      await removeNamespace(space.api, name);
      try {
        const there = runnerFor(space.env, { namespace: name });
        await expect(there.plan(await fixture("web.ts", "late"), context)).rejects.toThrow(
          `The namespace "${name}" is being deleted, and takes nothing new`,
        );
        expect(await there.status("late", context)).toMatchObject({ revision: null, services: [] });
        expect(await there.list(context)).toEqual([]);
      } finally {
        await space.api.json({
          method: "PATCH",
          path: pathOf("ConfigMap", name, "held"),
          body: { metadata: { finalizers: null } },
          type: "application/merge-patch+json",
          what: "let go",
          signal,
        });
      }
    });
  },
);
