import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { statusOf } from "../../src/kubernetes/api/api-error.ts";
import { readObject } from "../../src/kubernetes/api/send.ts";
import { selectorOf } from "../../src/kubernetes/objects/labels.ts";
import { type Pod, pathOf } from "../../src/kubernetes/objects/objects.ts";
import { containerOf } from "../../src/kubernetes/world/death.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { eventually } from "../../src/suite.ts";
import { nodes, skip, useNamespace } from "./cluster.ts";
import { call, context, fixture, type Loose, runnerFor } from "./harness.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const space = useNamespace();
const { signal } = context;
const runner = () => runnerFor(space.env);
const podsOf = async (app: string) =>
  (await listObjects(space.api, "Pod", selectorOf(app), signal)) as readonly (Loose & Pod)[];

const severalNodes = nodes.length > 1 ? "the cluster has several nodes, and a test does not cordon them all" : skip;

describe.skipIf(severalNodes !== undefined)(
  `a node that is drained (${severalNodes ?? "there is one"})`,
  { timeout: 300_000 },
  () => {
    const app = "evicted";
    const cordon = (unschedulable: boolean) =>
      space.api.json({
        method: "PATCH",
        path: `/api/v1/nodes/${nodes[0]!.name}`,
        body: { spec: { unschedulable } },
        type: "application/strategic-merge-patch+json",
        what: "cordon",
        signal,
      });
    /** As `kubectl drain` does it; 429 is the cluster's own word, and not tried again. */
    const evict = (name: string) =>
      space.api.json({
        method: "POST",
        path: `${pathOf("Pod", space.name, name)}/eviction`,
        body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name } },
        what: "evict",
        once: true,
        signal,
      });
    const allowed = () =>
      eventually(async () => {
        const { status } = (await readObject(space.api, "PodDisruptionBudget", `${app}-web`, signal)) as Loose;
        return status?.disruptionsAllowed === 1 ? true : undefined;
      });
    afterAll(async () => {
      await cordon(false);
      await runner().delete(app, { data: true }, context);
    }, 60_000);

    test("one replica goes, the budget keeps the other, which serves; the reason is told; then the other may go", async () => {
      const program = await fixture("web.ts", app);
      await runner().apply(program, context);
      await allowed();
      const [a, b] = (await podsOf(app)).map(({ metadata }) => metadata.name);
      await cordon(true);
      await evict(a!);
      expect(statusOf(await evict(b!).catch((error: unknown) => error))).toMatchObject({
        code: 429,
        message: expect.stringContaining("disruption budget"),
      });
      for (let n = 0; n < 10; n++) expect(await call(runner(), app, "web", "hello", "Ann")).toBe("Hello, Ann!");
      await eventually(async () => {
        const replicas = (await runner().status(app, context)).services[0]!.replicas;
        const waits = replicas.some(({ state, reason }) => state === "starting" && /unschedulable/.test(reason ?? ""));
        return waits && replicas.length === 2 && replicas.some(({ state }) => state === "ready") ? true : undefined;
      });
      await expect(runner().scale(app, "web", 3, context)).rejects.toThrow(
        /^web\..* does not come up: no node fits: .*unschedulable/,
      );
      await cordon(false);
      const { status } = await runner().apply(program, context);
      expect(status.services[0]!.replicas.map(({ state }) => state)).toEqual(["ready", "ready"]);
      await allowed();
      await evict(b!);
      await eventually(async () => {
        const pods = await podsOf(app);
        return pods.length === 2 && pods.every(({ metadata }) => metadata.name !== b) ? true : undefined;
      });
    });
  },
);

const elsewhere = skip ?? (nodes.some((one) => one.isHere) ? undefined : "the pods' processes are not this machine's");

describe.skipIf(elsewhere !== undefined)(
  `a replica whose process is stopped by SIGSTOP (${elsewhere ?? "there is one"})`,
  { timeout: 300_000 },
  () => {
    /** Stops what runs in a pod's container, as this machine sees it. */
    const stop = (pod: Pod) => {
      const id = containerOf(pod)?.containerID?.split("://")[1];
      if (id === undefined) throw new Error(`${pod.metadata.name} has no container yet`);
      const pids = readdirSync("/proc").filter((entry) => {
        try {
          return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cgroup`, "utf8").includes(id);
        } catch {
          return false; // It has ended meanwhile.
        }
      });
      expect(pids).toHaveLength(1);
      process.kill(Number(pids[0]), "SIGSTOP");
    };
    const isBack = async (app: string, service: string) => {
      const { services } = await runner().status(app, context);
      const { replicas } = services.find(({ name }) => name === service)!;
      return replicas.some(({ restarts }) => restarts > 0) && replicas.every(({ state }) => state === "ready");
    };

    test("an interchangeable one: calls go to the other, and it is killed by its probe and comes back", async () => {
      const app = "stopped";
      await runner().apply(await fixture("web.ts", app), context);
      try {
        stop((await podsOf(app))[0]!);
        const failures = new Set<string>();
        let answered = 0;
        while (!(await isBack(app, "web"))) {
          const answer = await call(runner(), app, "web", "hello", "Ann", 2000).catch(({ code }) => code);
          if (answer === "Hello, Ann!") answered++;
          else failures.add(answer);
        }
        expect([...failures].filter((code) => !["UNAVAILABLE", "DEADLINE_EXCEEDED"].includes(code))).toEqual([]);
        expect(answered).toBeGreaterThan(0);
        const { services } = await runner().status(app, context);
        expect(services[0]!.replicas.find(({ restarts }) => restarts > 0)?.reason).toMatch(/killed|exit code 137/);
        for (let n = 0; n < 10; n++) expect(await call(runner(), app, "web", "hello", "Ann")).toBe("Hello, Ann!");
      } finally {
        await runner().delete(app, { data: true }, context);
      }
    });

    test("a shard: whoever needs it is told so in time, and it comes back with its name", async () => {
      const app = "stopped-shard";
      await runner().apply(await fixture("tree.ts", app), context);
      try {
        stop((await podsOf(app)).find(({ metadata }) => metadata.name.endsWith("leaf-1"))!);
        const errors: any[] = [];
        while (!(await isBack(app, "tree.leaf"))) {
          await call(runner(), app, "tree", "tree", undefined, 2000).catch((error) => errors.push(error));
        }
        expect(errors.length).toBeGreaterThan(0);
        for (const { code, message } of errors) {
          expect(code).toMatch(/^(UNAVAILABLE|DEADLINE_EXCEEDED)$/);
          expect(message).toMatch(/tree/);
        }
        expect(await call(runner(), app, "tree", "tree")).toEqual([1, 1, 1, 1, 1]);
      } finally {
        await runner().delete(app, { data: true }, context);
      }
    });
  },
);

describe.skipIf(skip !== undefined)(
  `an API server that is restarted (${skip ?? "there is a cluster"})`,
  { timeout: 300_000 },
  () => {
    test.each([
      ["when the first object is there", "ServiceAccount"],
      ["when the replicas start", "Deployment"],
    ] as const)("%s: the up waits for it, and finishes; so does a delete", async (_, kind) => {
      const app = `restarted-${kind.toLowerCase()}`;
      const name = kind === "Deployment" ? `${app}-tree` : app;
      await using proxy = await TcpProxy.start();
      const through = runnerFor({ ...space.env, ...proxy.env }, { namespace: space.name });
      const program = await fixture("tree.ts", app);
      const outage = async () => {
        await eventually(() => readObject(space.api, kind, name, signal));
        await proxy.down();
        const { connections } = proxy;
        await sleep(8000);
        expect(proxy.connections).toBe(connections);
        await proxy.up();
      };
      const [{ status }] = await Promise.all([through.apply(program, context), outage()]);
      expect(status.services.flatMap(({ replicas }) => replicas.map(({ state }) => state))).toEqual(
        Array(5).fill("ready"),
      );
      expect(proxy.connections).toBeGreaterThan(1);
      expect((await runner().plan(program, context)).changes).toEqual([]);
      const deleted = through.delete(app, { data: true }, context);
      await eventually(async () =>
        (await readObject(space.api, kind, name, signal)) === undefined ? true : undefined,
      );
      await proxy.down();
      await sleep(3000);
      await proxy.up();
      expect(await deleted).toEqual([]);
    });
  },
);
