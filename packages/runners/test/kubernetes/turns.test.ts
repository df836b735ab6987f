import { afterAll, describe, expect, test } from "vitest";
import { askPod } from "../../src/kubernetes/api/pod-stream.ts";
import { NAME, SERVICE, selectorOf } from "../../src/kubernetes/objects/labels.ts";
import type { Workload } from "../../src/kubernetes/objects/objects.ts";
import { toTurns } from "../../src/kubernetes/rollout/end.ts";
import { listObjects } from "../../src/kubernetes/world/world.ts";
import { INTERNAL_PORT } from "../../src/replica/layout.ts";
import { skip, useNamespace } from "./cluster.ts";
import { call, context, fixture, runnerFor } from "./harness.ts";

const workload = (service: string): Workload => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: service, annotations: { [SERVICE]: service } },
});
const namesOf = (turns: ReturnType<typeof toTurns>) =>
  turns.map((turn) => turn.map(({ metadata }) => metadata.name).sort());

test("callers end before those whom they call, keepers of resources last, and what nobody knows first", async () => {
  const { topology } = await fixture("desk.ts", "desk");
  const kept = { ...topology, resources: [{ kind: "queue", name: "orders", keeper: "ink", options: {} }] };
  const [root, ...more] = topology.services;
  if (root === undefined) throw new Error("the fixture declares nothing");
  const services = [{ ...root, name: "ink", children: [] }, root, ...more];
  const workloads = ["ink", "desk.ledger", "desk", "left-over"].map(workload);
  expect(namesOf(toTurns(workloads, { ...kept, services }))).toEqual([["desk", "left-over"], ["desk.ledger"], ["ink"]]);
  expect(namesOf(toTurns(workloads, undefined))).toEqual([["desk", "desk.ledger", "ink", "left-over"]]);
});

const space = useNamespace();
const { signal } = context;

describe.skipIf(skip !== undefined)(`delete, in turns (${skip ?? "there is a cluster"})`, () => {
  const runner = runnerFor(space.env);
  afterAll(async () => void (await runner.delete("desk", { data: true }, context)), 60_000);

  test("a call under way when the app is deleted reaches those whom it calls after that", {
    timeout: 90_000,
  }, async () => {
    await runner.apply(await fixture("desk.ts", "desk"), context);
    const [pod] = await listObjects(space.api, "Pod", `${selectorOf("desk")},${NAME}=desk`, signal);
    const metrics = { port: INTERNAL_PORT, method: "GET", path: "/metrics", signal } as const;
    const answer = call(runner, "desk", "desk", "desk", "ink");
    await expect
      .poll(async () => (await askPod(space.api, pod?.metadata.name ?? "", metrics)).body, { timeout: 20_000 })
      .toMatch(/^hadron_calls_in_flight\S* 1$/m);
    const deleted = runner.delete("desk", { data: true }, context);
    expect(await answer).toBe("written: ink");
    expect(await deleted).toEqual({ left: [], kept: [] });
  });
});
