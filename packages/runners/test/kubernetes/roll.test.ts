import { expect, test } from "vitest";
import type { Pod, StatefulSet } from "../../src/kubernetes/objects/objects.ts";
import { nextStep } from "../../src/kubernetes/rollout/roll.ts";

const set = (replicas: number, partition: number, more = {}): StatefulSet => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "s", uid: "set", generation: 2 },
  spec: { replicas, updateStrategy: { rollingUpdate: { partition } } },
  status: { observedGeneration: 2, updateRevision: "new", currentRevision: "old", ...more },
});
const pod = (ordinal: number, revision: "old" | "new", state: "ready" | "starting" | "going" = "ready"): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `s-${ordinal}`,
    labels: { "controller-revision-hash": revision },
    ownerReferences: [{ kind: "StatefulSet", name: "s", uid: "set" }],
    ...(state === "going" ? { deletionTimestamp: "now" } : {}),
  },
  status: { conditions: [{ type: "Ready", status: state === "ready" ? "True" : "False" }] },
});
const all = (n: number, revision: "old" | "new") => Array.from({ length: n }, (_, ordinal) => pod(ordinal, revision));
const names = (step: ReturnType<typeof nextStep>) =>
  step.do === "replace" ? [step.partition, step.pods.map(({ metadata }) => metadata.name)] : step.do;

test("one shard goes first, to see that the new version comes up", () => {
  expect(names(nextStep(set(10, 10), all(10, "old")))).toEqual([9, ["s-9"]]);
});

test("nothing else goes before it is ready", () => {
  const others = all(9, "old");
  expect(names(nextStep(set(10, 9), [...others, pod(9, "old", "going")]))).toBe("wait");
  expect(names(nextStep(set(10, 9), others))).toBe("wait");
  expect(names(nextStep(set(10, 9), [...others, pod(9, "new", "starting")]))).toBe("wait");
});

test("then half of them at a time", () => {
  expect(names(nextStep(set(10, 9), [...all(9, "old"), pod(9, "new")]))).toEqual([
    4,
    ["s-8", "s-7", "s-6", "s-5", "s-4"],
  ]);
  const later = [...all(4, "old"), ...[4, 5, 6, 7, 8, 9].map((ordinal) => pod(ordinal, "new"))];
  expect(names(nextStep(set(10, 4), later))).toEqual([0, ["s-3", "s-2", "s-1", "s-0"]]);
});

test("old shards that do not work are replaced at once", () => {
  expect(names(nextStep(set(3, 3), [pod(0, "old"), pod(1, "old", "starting"), pod(2, "old", "starting")]))).toEqual([
    1,
    ["s-2", "s-1"],
  ]);
});

test("when all are new and ready, the rest is handed over, and then it is done", () => {
  expect(names(nextStep(set(2, 2), all(2, "new")))).toBe("release");
  expect(names(nextStep(set(2, 0), all(2, "new")))).toBe("done");
});

test("waits for the controller to have seen the new version", () => {
  expect(names(nextStep(set(2, 2, { observedGeneration: 1 }), all(2, "old")))).toBe("wait");
});

test("a shard beyond the count does not keep it waiting", () => {
  expect(names(nextStep(set(2, 0), [...all(2, "new"), pod(2, "old", "going")]))).toBe("done");
});
