/**
 * A replica whose handler takes 5 ms of CPU, under ten times the load that it can carry: what it still gets done, how long
 * that takes, and what becomes of its memory.
 *
 *   tsx bench/calls-under-fault/overload.bench.ts [SECONDS [burn | burnLater]]
 */
import { isHadronError } from "@hadron/core";
import { bench } from "../harness.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { sorted } from "./sorted.ts";

const [, , given = "20", only] = process.argv;
const seconds = Number(given);

await bench("5 ms of CPU, under ten times the load that one replica can carry", async (b) => {
  const cluster = await startCluster(1);
  b.defer(() => cluster[Symbol.asyncDispose]());
  for (const [procedure, what] of [
    ["burn", "at once"],
    ["burnLater", "after an await"],
  ] as const) {
    if (only !== undefined && procedure !== only) continue;
    await alone(cluster, procedure, 1000);
    const before = await alone(cluster, procedure, 3000);
    const memoryBefore = await cluster.call("memory");
    const during = await flood(cluster, procedure, before.perSecond * 10, seconds * 1000);
    const memoryAfter = await cluster.call("memory");
    const others = [...during.errors.keys()].filter((code) => code !== "OVERLOADED");
    if (others.length > 0) throw new Error(`Calls failed otherwise than OVERLOADED: ${others.join(", ")}`);
    b.row({ what: `${what}: goodput / peak`, atLeast: 0.8, measured: [during.goodput / before.perSecond] });
    // In the first second overload is told from a batch: in a minute, that is less than a hundredth of what is accepted.
    b.row({
      what: `${what}: p99 of accepted after 1 s / p99 alone`,
      atMost: 2,
      measured: [during.later(0.99) / before.at(0.99)],
    });
    b.row({
      what: `${what}: p99 of accepted, the first second included / p99 alone`,
      ...(seconds >= 60 ? { atMost: 2 } : {}),
      measured: [during.at(0.99) / before.at(0.99)],
    });
    b.row({ what: `${what}: median of accepted / median alone`, measured: [during.at(0.5) / before.at(0.5)] });
    b.row({
      what: `${what}: heap after / before`,
      atMost: 1.2,
      measured: [memoryAfter.heapUsed / memoryBefore.heapUsed],
    });
    const accepted = [0.5, 0.9, 0.98, 0.99, 0.999].map((at) => during.at(at).toFixed(1)).join(", ");
    b.note(
      `${what}: ${during.count} accepted, p50, p90, p98, p99, p99.9: ${accepted} ms; alone p99 ${before.at(0.99).toFixed(1)} ms; ` +
        `${during.errors.get("OVERLOADED") ?? 0} turned away, the slowest after ${during.refusedMs.toFixed(0)} ms.`,
    );
  }
});

/** One call at a time. */
async function alone(cluster: Cluster, procedure: string, forMs: number) {
  const latencies: number[] = [];
  const until = performance.now() + forMs;
  for (let now = performance.now(); now < until; ) {
    await cluster.call(procedure);
    const after = performance.now();
    latencies.push(after - now);
    now = after;
  }
  return { perSecond: latencies.length / (forMs / 1000), at: sorted(latencies) };
}

/** So many calls a second, whatever becomes of the ones before. */
async function flood(cluster: Cluster, procedure: string, perSecond: number, forMs: number) {
  const latencies: number[] = [];
  const later: number[] = [];
  const errors = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  let refusedMs = 0;
  const startedAt = performance.now();
  for (let made = 0; performance.now() - startedAt < forMs; ) {
    const due = ((performance.now() - startedAt) / 1000) * perSecond;
    for (; made < due; made++) {
      const at = performance.now();
      const one = cluster.call(procedure).then(
        () => {
          latencies.push(performance.now() - at);
          if (at - startedAt > 1000) later.push(performance.now() - at);
        },
        (error) => {
          const code = isHadronError(error) ? error.code : String(error);
          errors.set(code, (errors.get(code) ?? 0) + 1);
          refusedMs = Math.max(refusedMs, performance.now() - at);
        },
      );
      underWay.add(one);
      void one.then(() => underWay.delete(one));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const goodput = latencies.length / (forMs / 1000);
  await Promise.all(underWay);
  return { goodput, at: sorted(latencies), later: sorted(later), count: latencies.length, errors, refusedMs };
}
