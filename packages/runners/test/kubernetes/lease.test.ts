import { describe, expect, test } from "vitest";
import { readObject } from "../../src/kubernetes/api/send.ts";
import { selectorOf } from "../../src/kubernetes/objects/labels.ts";
import { pathOf } from "../../src/kubernetes/objects/objects.ts";
import { Lease } from "../../src/kubernetes/rollout/lease.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { skip, useNamespace } from "./cluster.ts";
import { context, fixture, runnerFor } from "./harness.ts";

const space = useNamespace();
const { signal } = context;

describe.skipIf(skip !== undefined)(
  `two who change the same app at once (${skip ?? "there is a cluster"})`,
  { timeout: 60_000 },
  () => {
    const runner = () => runnerFor(space.env);
    const leases = (app: string) => listObjects(space.api, "Lease", selectorOf(app), signal);
    /** A Lease as another machine's command would have left it. */
    const leave = (name: string, spec: object, labels: object) =>
      space.api.json({
        method: "POST",
        path: pathOf("Lease", space.name),
        body: { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name, labels }, spec },
        what: "leave a lease",
        signal,
      });

    test("the second is told by whom it is being changed, and changes nothing; looking is free", async () => {
      const app = "twice";
      const program = await fixture("web.ts", app);
      await using first = Lease.open(space.api, app, "up", context);
      await first.held;
      const told = /The app "twice" in namespace ".*" is being changed by another command: up by \S+@\S+ \(process \d+/;
      const impatient = { ...context, waitMs: 0 };
      const seconds = [
        runner().apply(program, impatient),
        runner().scale(app, "web", 1, impatient),
        runner().delete(app, { data: true }, impatient),
      ];
      for (const one of await Promise.allSettled(seconds)) {
        expect(one).toMatchObject({ status: "rejected", reason: { code: "RUNNER_FAILED" } });
        expect((one as PromiseRejectedResult).reason.message).toMatch(told);
      }
      expect((await runner().plan(program, context)).changes.length).toBeGreaterThan(5);
      expect((await runner().status(app, context)).services).toEqual([]);
      expect(await listObjects(space.api, "Deployment", selectorOf(app), signal)).toEqual([]);
      await first.release(signal);
      expect(await leases(app)).toEqual([]);
    });

    test("one that died in the middle is waited for no longer than its lease lasts; none is left in the end", async () => {
      const app = "orphan";
      const labels = { "app.kubernetes.io/part-of": app, "app.kubernetes.io/managed-by": "hadron" };
      // By a clock that is far ahead of ours.
      const renewTime = "2199-01-01T00:00:00.000000Z";
      await leave(app, { holderIdentity: "up by ghost@nowhere", leaseDurationSeconds: 1, renewTime }, labels);
      const steps: string[] = [];
      const { status } = await runner().apply(await fixture("web.ts", app), {
        ...context,
        progress: { note() {}, step: (subject, detail) => void steps.push(`${subject}: ${detail}`) },
      });
      expect(steps).toContain("lease: held for: up by ghost@nowhere; looking whether that goes on");
      expect(status.services[0]!.replicas.map((one) => one.state)).toEqual(["ready", "ready"]);
      expect(await leases(app)).toEqual([]);
      await runner().scale(app, "web", 1, context);
      expect(await leases(app)).toEqual([]);
      expect(await runner().delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
      expect(await leases(app)).toEqual([]);
    });

    test("who has lost it stops, and does not take it from the other", async () => {
      const lost = Lease.open(space.api, "lost", "up", context);
      await lost.held;
      await space.api.json({
        method: "PATCH",
        path: pathOf("Lease", space.name, "lost"),
        body: { spec: { holderIdentity: "delete by bob@laptop" } },
        type: "application/merge-patch+json",
        what: "take it",
        signal,
      });
      await new Promise((resolve) => lost.signal.addEventListener("abort", resolve, { once: true }));
      expect(lost.signal.reason).toMatchObject({
        code: "RUNNER_FAILED",
        message: expect.stringContaining("delete by bob@laptop"),
      });
      await lost.release(signal);
      expect((await readObject(space.api, "Lease", "lost", signal))?.spec?.holderIdentity).toBe("delete by bob@laptop");
    });

    test("a command that is interrupted gives it back, also when it never learned that it had it", async () => {
      const stop = new AbortController();
      const lease = Lease.open(space.api, "brief", "up", { ...context, signal: stop.signal });
      // The request is on its way, or has not left yet, or is answered.
      await new Promise((resolve) => setImmediate(resolve));
      stop.abort(new Error("interrupted"));
      await lease[Symbol.asyncDispose]();
      expect(await leases("brief")).toEqual([]);
    });

    test("a Lease of that name that is not ours is left alone, and told", async () => {
      await leave("theirs", { holderIdentity: "their-operator" }, {});
      await expect(runner().apply(await fixture("web.ts", "theirs"), context)).rejects.toThrow(
        /There is a Lease "theirs" in namespace .*, and it was not made by Hadron: it is left alone/,
      );
      expect((await readObject(space.api, "Lease", "theirs", signal))?.spec?.holderIdentity).toBe("their-operator");
    });
  },
);
