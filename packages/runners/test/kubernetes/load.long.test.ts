import type { Program, Runner } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pathOf } from "../../src/kubernetes/objects/objects.ts";
import { skip, useNamespace } from "./cluster.ts";
import { call, context, fixture, runnerFor } from "./harness.ts";
import { underLoad } from "./load.ts";

const space = useNamespace();
const { signal } = context;
const app = "loaded";
const target = { app, service: "tree", procedure: "tree", perSecond: 200 };

describe.skipIf(skip !== undefined)(
  `200 calls a second (${skip ?? "there is a cluster"})`,
  { timeout: 300_000 },
  () => {
    let runner: Runner;
    let [one, two]: Program[] = [];
    beforeAll(async () => {
      runner = runnerFor(space.env);
      [one, two] = [await fixture("tree.ts", app), await fixture("tree-next.ts", app)];
      await runner.apply(one, context);
    }, 120_000);
    afterAll(() => runner.delete(app, { data: true }, context), 60_000);

    const podsOf = async (service: string) =>
      (
        await space.api.json<any>({
          path: pathOf("Pod", space.name),
          query: { labelSelector: `app.kubernetes.io/name=${service}` },
          what: "list",
          signal,
        })
      ).items;
    /** Deletes the pods of a service, and waits until others are ready in their place. */
    const replace = async (service: string, only?: string) => {
      const before = (await podsOf(service)).filter((pod: any) => only === undefined || pod.metadata.name === only);
      for (const { metadata } of before)
        await space.api.json({
          method: "DELETE",
          path: pathOf("Pod", space.name, metadata.name),
          what: "delete a pod",
          signal,
        });
      const gone = new Set(before.map((pod: any) => pod.metadata.uid));
      for (;;) {
        const { services } = await runner.status(app, context);
        const now = await podsOf(service);
        const isWhole = services.every(
          ({ replicas }) => replicas.length > 0 && replicas.every(({ state }) => state === "ready"),
        );
        if (isWhole && !now.some((pod: any) => gone.has(pod.metadata.uid))) return;
      }
    };

    test("no call fails through a redeploy, and every answer is whole", async () => {
      const load = await underLoad(runner, target, context, () => runner.apply(two!, context));
      expect(load.failed).toEqual({});
      expect(load.calls).toBeGreaterThan(200);
      expect(await call(runner, app, "tree", "tree")).toEqual([2, 2, 2, 2, 2]);
    });

    test("no call fails while shards are taken away and added", async () => {
      const load = await underLoad(runner, target, context, async () => {
        await runner.scale(app, "tree.leaf", 2, context);
        await runner.scale(app, "tree.leaf", 4, context);
      });
      expect(load.failed).toEqual({});
      expect([...load.answers].sort()).toEqual(["[2,2,2,2,2]", "[2,2,2]"]);
    });

    test("no call fails while the pod of a shard is deleted, nor while the root's is", async () => {
      const leaf = await underLoad(runner, target, context, () => replace("tree.leaf", `${app}-tree-leaf-1`));
      expect(leaf.failed).toEqual({});
      const root = await underLoad(runner, target, context, () => replace("tree"));
      expect(root.failed).toEqual({});
    });

    test("a pod that is evicted is drained as any other", async () => {
      const load = await underLoad(runner, target, context, async () => {
        const name = `${app}-tree-leaf-2`;
        const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name } };
        const [before] = (await podsOf("tree.leaf")).filter((pod: any) => pod.metadata.name === name);
        await space.api.json({
          method: "POST",
          path: `${pathOf("Pod", space.name, name)}/eviction`,
          body,
          what: "evict",
          signal,
        });
        for (;;) {
          const now = (await podsOf("tree.leaf")).find((pod: any) => pod.metadata.name === name);
          const isReady = now?.status.conditions?.some((one: any) => one.type === "Ready" && one.status === "True");
          if (isReady && now.metadata.uid !== before.metadata.uid) break;
        }
      });
      expect(load.failed).toEqual({});
    });
  },
);

describe.skipIf(skip !== undefined)(
  `a replica that hangs (${skip ?? "there is a cluster"})`,
  { timeout: 300_000 },
  () => {
    test("a process that no longer answers is found by its probe and started again", async () => {
      const hanging = "hanging";
      const runner = runnerFor(space.env);
      await runner.apply(await fixture("web.ts", hanging), context);
      try {
        const hung = call(runner, hanging, "web", "hang").catch((error: Error) => error);
        // Until its probe has found it, calls that reach it fail, in time and with the reason.
        const failures = new Set<string>();
        for (;;) {
          const answer = await call(runner, hanging, "web", "hello", "Ann", 2000).catch(({ code }) => code);
          if (answer !== "Hello, Ann!") failures.add(answer);
          const { services } = await runner.status(hanging, context);
          const again = services[0]!.replicas.find((one) => one.restarts > 0);
          if (again?.state === "ready") break;
        }
        expect([...failures].filter((code) => code !== "UNAVAILABLE" && code !== "DEADLINE_EXCEEDED")).toEqual([]);
        for (let n = 0; n < 10; n++) expect(await call(runner, hanging, "web", "hello", "Ann")).toBe("Hello, Ann!");
        expect(await hung).toMatchObject({ code: expect.stringMatching(/UNAVAILABLE|DEADLINE_EXCEEDED/) });
      } finally {
        await runner.delete(hanging, { data: true }, context);
      }
    });
  },
);
