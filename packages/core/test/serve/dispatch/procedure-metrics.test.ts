import { expect, test } from "vitest";
import { ProcedureMetrics } from "../../../src/serve/dispatch/procedure-metrics.ts";

function bounds(metrics: ProcedureMetrics): readonly { readonly le: number; readonly count: number }[] {
  return [...metrics.lines("p")].flatMap(([, line]) => {
    const found = /_bucket\{.*le="([^"]+)"\} (\d+)/.exec(line);
    return found === null ? [] : [{ le: Number(found[1]!.replace("+Inf", "Infinity")), count: Number(found[2]) }];
  });
}

test("buckets begin at 10 microseconds, end above ten seconds, and no step is coarser than a half", () => {
  const all = bounds(new ProcedureMetrics());
  expect(all[0]!.le).toBe(10e-6);
  expect(all.at(-1)!.le).toBe(Number.POSITIVE_INFINITY);
  expect(all.at(-2)!.le).toBeGreaterThan(10);
  for (let i = 1; i < all.length - 1; i++) expect(all[i]!.le / all[i - 1]!.le).toBeLessThan(1.5);
});

test("a time falls into the smallest bucket that holds it, a bound into its own", () => {
  for (const { le } of bounds(new ProcedureMetrics()).slice(0, -1)) {
    for (const [seconds, within] of [
      [le, true],
      [le * 1.001, false],
    ] as const) {
      const metrics = new ProcedureMetrics();
      metrics.observe(seconds * 1000);
      expect(bounds(metrics).find((bucket) => bucket.le === le)!.count).toBe(within ? 1 : 0);
    }
  }
  const metrics = new ProcedureMetrics();
  metrics.observe(1e9);
  expect(bounds(metrics).filter(({ count }) => count > 0)).toEqual([{ le: Number.POSITIVE_INFINITY, count: 1 }]);
});
