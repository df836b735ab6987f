import { expect, test } from "vitest";
import type { Pod, Workload } from "../../src/kubernetes/objects/objects.ts";
import { podTrouble, workloadTrouble } from "../../src/kubernetes/world/trouble.ts";

const pod = (status: object): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "a-b-0", annotations: { "dev.hadron.service": "b" } },
  status,
});
const container = (state: object, more: object = {}) =>
  pod({ containerStatuses: [{ name: "replica", image: "r/a:1", state, ...more }] });

test("a pod that is just starting is in no trouble", () => {
  expect(podTrouble(pod({}), [])).toBeUndefined();
  expect(podTrouble(container({ waiting: { reason: "ContainerCreating" } }), [])).toBeUndefined();
  expect(podTrouble(container({ running: {} }), [])).toBeUndefined();
});

test("no node that fits is told with what is lacking, and waits for one that is being added", () => {
  const lacking = pod({
    conditions: [{ type: "PodScheduled", status: "False", message: "0/3 nodes are available: 3 Insufficient cpu." }],
  });
  expect(podTrouble(lacking, [])).toMatchObject({
    reason: "no node fits: 0/3 nodes are available: 3 Insufficient cpu.",
    graceMs: 5000,
  });
  expect(podTrouble(lacking, [{ reason: "TriggeredScaleUp", message: "", count: 1 }])?.graceMs).toBe(600_000);
});

test("a volume that is not bound is told as such", () => {
  const unbound = pod({
    conditions: [
      { type: "PodScheduled", status: "False", message: "pod has unbound immediate PersistentVolumeClaims" },
    ],
  });
  expect(podTrouble(unbound, [])?.reason).toMatch(/^its volume is not bound: /);
});

test("an image that does not exist is hopeless, a registry that is slow is not", () => {
  const pull = (message: string) => podTrouble(container({ waiting: { reason: "ErrImagePull", message } }), []);
  expect(pull("r/a:1: not found")).toMatchObject({
    reason: "the image r/a:1 cannot be pulled: r/a:1: not found",
    graceMs: 0,
  });
  expect(pull("i/o timeout")?.graceMs).toBeGreaterThan(0);
});

test("a first crash may pass, a second, out of memory, or another topology does not", () => {
  const crash = (exitCode: number, restartCount: number, reason = "Error") =>
    podTrouble(container({ running: {} }, { restartCount, lastState: { terminated: { exitCode, reason } } }), []);
  expect(crash(1, 1)).toMatchObject({ crashed: "a-b-0", graceMs: 20_000 });
  expect(crash(1, 2)?.graceMs).toBe(0);
  expect(crash(3, 1)?.graceMs).toBe(0);
  expect(crash(137, 1, "OOMKilled")).toMatchObject({ reason: expect.stringContaining("out of memory"), graceMs: 0 });
});

test("a probe that fails is told once a process has had the time to listen", () => {
  const failing = podTrouble(container({ running: {} }), [
    { reason: "Unhealthy", message: "Startup probe failed: HTTP probe failed with statuscode: 503", count: 9 },
  ]);
  expect(failing).toMatchObject({
    reason: "Startup probe failed: HTTP probe failed with statuscode: 503",
    unanswered: "a-b-0",
  });
  expect(failing!.quietMs).toBeGreaterThan(0);
});

test("a process that does not listen yet is left to the cluster, until that has started it again", () => {
  const refused = [{ reason: "Unhealthy", message: "Startup probe failed: dial tcp: connection refused", count: 30 }];
  expect(podTrouble(container({ running: {} }), refused)?.graceMs).toBe(Number.POSITIVE_INFINITY);
  expect(podTrouble(container({ running: {} }, { restartCount: 1 }), refused)?.graceMs).toBe(0);
});

test("a quota that keeps pods from being made is told of their workload", () => {
  const deployment: Workload = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "a-b", annotations: { "dev.hadron.service": "b" } },
  };
  const message = 'pods "x" is forbidden: exceeded quota: small';
  expect(
    workloadTrouble(
      { ...deployment, status: { conditions: [{ type: "ReplicaFailure", status: "True", message }] } },
      [],
    ),
  ).toMatchObject({ subject: "b", reason: `a quota does not allow its pods: ${message}` });
  expect(
    workloadTrouble({ ...deployment, status: {} }, [{ reason: "FailedCreate", message, count: 1 }])?.reason,
  ).toContain("a quota");
  expect(workloadTrouble({ ...deployment, status: {} }, [])).toBeUndefined();
});
