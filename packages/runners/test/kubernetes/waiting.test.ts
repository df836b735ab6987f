import { afterAll, describe, expect, test } from "vitest";
import { pathOf } from "../../src/kubernetes/objects/objects.ts";
import { skip, useNamespace } from "./cluster.ts";
import { call, context, fixture, runnerFor } from "./harness.ts";

const space = useNamespace();
const { signal } = context;

describe.skipIf(skip !== undefined)(
  `what keeps replicas from coming up (${skip ?? "there is a cluster"})`,
  { timeout: 90_000 },
  () => {
    const runner = () => runnerFor(space.env);
    afterAll(async () => {
      for (const app of ["crash", "pull", "quota", "late"]) await runner().delete(app, { data: true }, context);
    }, 60_000);

    test("an image that cannot be pulled", async () => {
      const program = await fixture("images.ts", "pull");
      await expect(runner().apply(program, context)).rejects.toThrow(
        /^missing\..* does not come up: the image 127\.0\.0\.1:9\/nowhere\/nothing:1 cannot be pulled: /,
      );
      const { services } = await runner().status("pull", context);
      expect(services[0]?.replicas[0]).toMatchObject({ state: "failed", reason: expect.stringMatching(/pull|Pull/) });
      await runner().delete("pull", { data: true }, context);
    });

    test("a replica that crashes, with its last words; and the old ones go on serving", async () => {
      await runner().apply(await fixture("web.ts", "crash"), context);
      await expect(runner().apply(await fixture("crashing.ts", "crash"), context)).rejects.toThrow(
        /^web\..* does not come up: it ends as soon as it starts: exit code 1[\s\S]*no database at db:5432/,
      );
      expect(await call(runner(), "crash", "web", "hello", "Ann")).toBe("Hello, Ann!");
      const { services } = await runner().status("crash", context);
      expect(services[0]!.replicas.filter((one) => one.state === "ready")).toHaveLength(2);
      // And the next apply, of a file that works, finishes.
      const { status } = await runner().apply(await fixture("web.ts", "crash"), context);
      expect(status.services[0]!.replicas.map((one) => one.state)).toEqual(["ready", "ready"]);
      await runner().delete("crash", { data: true }, context);
    });

    test("a shard that crashes: those that have not been replaced go on serving, and it goes back", async () => {
      await runner().apply(await fixture("tree.ts", "late"), context);
      await expect(runner().apply(await fixture("tree-crashing.ts", "late"), context)).rejects.toThrow(
        /does not come up: it ends as soon as it starts/,
      );
      // The shard that went first is back with the version that worked.
      expect(await call(runner(), "late", "tree", "tree")).toEqual([1, 1, 1, 1, 1]);
      await runner().delete("late", { data: true }, context);
    });

    test("a quota", async () => {
      const path = `/api/v1/namespaces/${space.name}/resourcequotas`;
      await space.api.json({
        method: "POST",
        path,
        body: { metadata: { name: "none" }, spec: { hard: { pods: "0" } } },
        what: "limit",
        signal,
      });
      try {
        await expect(runner().apply(await fixture("web.ts", "quota"), context)).rejects.toThrow(
          /^web does not come up: a quota does not allow its pods: .*exceeded quota: none/,
        );
      } finally {
        await space.api.json({ method: "DELETE", path: `${path}/none`, what: "lift", signal });
      }
      expect(
        (await runner().apply(await fixture("web.ts", "quota"), context)).status.services[0]!.replicas,
      ).toHaveLength(2);
      await runner().delete("quota", { data: true }, context);
    });

    test("a pod that is killed, or whose process ends, is started again, and status says why", async () => {
      await runner().apply(await fixture("web.ts", "quota"), context);
      await expect(call(runner(), "quota", "web", "exit", 7)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      for (;;) {
        const { services } = await runner().status("quota", context);
        const again = services[0]!.replicas.find((one) => one.restarts > 0);
        if (again?.state === "ready") {
          expect(again.reason).toBe("exit code 7");
          break;
        }
      }
      const [pod] = (await space.api.json<any>({ path: pathOf("Pod", space.name), what: "list", signal })).items;
      await space.api.json({
        method: "DELETE",
        path: pathOf("Pod", space.name, pod.metadata.name),
        what: "delete a pod",
        signal,
      });
      expect(await call(runner(), "quota", "web", "hello", "Ann")).toBe("Hello, Ann!");
      await runner().delete("quota", { data: true }, context);
    });
  },
);
