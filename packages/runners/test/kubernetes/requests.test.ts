import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { skip, useNamespace } from "./cluster.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { context, fixture, runnerFor } from "./harness.ts";

const space = useNamespace();
const docs = readFileSync(new URL("../../../../docs/kubernetes.md", import.meta.url), "utf8");

/** What docs/kubernetes.md says of a verb with a root and ten shards. */
function said(row: string): number {
  const [, requests] = new RegExp(`^\\| ${row} \\| (\\d+),`, "m").exec(docs) ?? [];
  return Number(requests);
}

describe.skipIf(skip !== undefined)(`requests (${skip ?? "there is a cluster"})`, { timeout: 120_000 }, () => {
  test("verbs make as many of them as docs/kubernetes.md says", async () => {
    await using proxy = await FaultProxy.start();
    const runner = runnerFor({ ...space.env, ...proxy.env }, { namespace: space.name });
    const program = await fixture("counted.ts", "counted");
    const counts: Record<string, number> = {};
    const count = async (row: string, verb: () => Promise<unknown>) => {
      const before = proxy.seen.length;
      await verb();
      // How often a lease is renewed, and how often pods are looked into that do not come up, is a matter of time.
      const seen = proxy.seen.slice(before);
      counts[row] = seen.filter(
        ({ method, path, isWatch }) =>
          !isWatch && !path.endsWith("/events") && !(method === "PATCH" && path.includes("/leases/")),
      ).length;
      // None where all is as it should be at the first look.
      expect(seen.filter(({ isWatch }) => isWatch).length).toBeLessThanOrEqual(3);
      // Six pods of the two services are looked into, each five seconds, and none in the first three.
      const events = seen.filter(({ path }) => path.endsWith("/events")).length;
      expect(events).toBeLessThanOrEqual(25);
    };
    await count("first `up`", () => runner.apply(program, context));
    await count("`up` that changes nothing", () => runner.apply(program, context));
    await count("`status`", () => runner.status("counted", context));
    await count("`delete`", () => runner.delete("counted", { data: true }, context));
    const { "`delete`": deletion = 0, ...others } = counts;
    for (const [row, requests] of Object.entries(others)) expect([row, requests]).toEqual([row, said(row)]);
    // It looks again until all is gone, which takes the cluster its time.
    expect(deletion).toBeGreaterThanOrEqual(said("`delete`") / 2);
    expect(deletion).toBeLessThanOrEqual(said("`delete`") * 1.5);
  });
});
