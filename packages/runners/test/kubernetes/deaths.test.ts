import { describe, expect, test } from "vitest";
import { skip, useNamespace } from "./cluster.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { call, context, fixture, runnerFor } from "./harness.ts";

const space = useNamespace();
const runner = runnerFor(space.env);

describe.skipIf(skip !== undefined)(`deaths (${skip ?? "there is a cluster"})`, { timeout: 180_000 }, () => {
  const deaths: readonly (readonly [string, string])[] = [
    ["heap", "out of memory: its heap is full, within its limit of 96Mi; raise capacity.memoryMiB"],
    ["memory", "out of memory: it reached its limit of 96Mi; raise capacity.memoryMiB"],
    ["error", "exit code 1 (RangeError: no such drawer)"],
    ["kill", "killed (exit code 137)"],
    ["hang", "it hung: it answered nothing for its limits.hangMs"],
  ];

  test.each(deaths)("%s is told with its own reason", async (way, reason) => {
    const app = `dying-${way}`;
    await runner.apply(await fixture("../../fixtures/dying.ts", app), context);
    await call(runner, app, "dying", way).catch(() => {}); // Its answer is lost with the replica, unless it was quick.
    const replica = async () => (await runner.status(app, context)).services[0]!.replicas[0]!;
    await expect.poll(replica, { timeout: 60_000 }).toMatchObject({ restarts: 1, reason });
    await runner.delete(app, { data: true }, context);
  });

  test("a replica that crashes as it starts says its last lines, though its container is gone from the node", async () => {
    await using proxy = await FaultProxy.start();
    // In a node's own words, with which it answers 200.
    const gone = "unable to retrieve container logs for containerd://2f6d0c8e9a";
    let asked = 0;
    proxy.fate = ({ path }) => {
      if (!path.endsWith("/log")) return "pass";
      asked++;
      return { status: 200, headers: { "content-type": "text/plain" }, body: gone };
    };
    const through = runnerFor({ ...space.env, ...proxy.env }, { namespace: space.name });
    const failure = await through.apply(await fixture("crashing.ts", "gone"), context).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: "RUNNER_FAILED" });
    const { message } = failure as Error;
    expect(message).toMatch(/does not come up: it ends as soon as it starts: exit code 1 \(.*no database at db:5432\)/);
    // The error as the replica wrote it, below the reason.
    expect(message.split("\n").slice(1).join("\n")).toMatch(/^ {2}.*Error: no database at db:5432/m);
    expect(message).not.toContain("unable to retrieve");
    expect(asked).toBeGreaterThan(0);
    const { services } = await through.status("gone", context);
    expect(services[0]!.replicas.map(({ reason }) => reason)).toContainEqual(
      expect.stringMatching(/^exit code 1 \(.*no database at db:5432\)$/),
    );
    const lines: string[] = [];
    for await (const { line } of through.logs("gone", { service: undefined, follow: false }, context)) lines.push(line);
    expect(lines).toEqual([]);
    await runner.delete("gone", { data: true }, context);
  });
});
