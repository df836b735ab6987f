/**
 * A replica whose handler takes 5 ms of CPU, under ten times the load that it can carry: what it still gets done, how long
 * that takes, and what becomes of its memory.
 *
 *   tsx bench/calls-under-fault/overload.bench.ts [SECONDS]
 */
import { isHadronError } from "@hadron/core";
import { startCluster } from "./cluster.ts";
import { sorted } from "./sorted.ts";

const seconds = Number(process.argv[2] ?? 12);
await using cluster = await startCluster(1);

/** One call at a time. */
async function alone(procedure: string, forMs: number) {
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
async function flood(procedure: string, perSecond: number, forMs: number) {
  const latencies: number[] = [];
  const errors = new Map<string, number>();
  const under = new Set<Promise<void>>();
  let refusedMs = 0;
  const startedAt = performance.now();
  for (let made = 0; performance.now() - startedAt < forMs; ) {
    const due = ((performance.now() - startedAt) / 1000) * perSecond;
    for (; made < due; made++) {
      const at = performance.now();
      const one = cluster.call(procedure).then(
        () => void latencies.push(performance.now() - at),
        (error) => {
          const code = isHadronError(error) ? error.code : String(error);
          errors.set(code, (errors.get(code) ?? 0) + 1);
          refusedMs = Math.max(refusedMs, performance.now() - at);
        },
      );
      under.add(one);
      one.then(() => under.delete(one));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const goodput = latencies.length / (forMs / 1000);
  await Promise.all(under);
  return { goodput, at: sorted(latencies), count: latencies.length, errors, refusedMs };
}

let wrong = 0;
for (const procedure of ["burn", "burnLater"]) {
  await alone(procedure, 1000);
  const before = await alone(procedure, 3000);
  const memoryBefore = await cluster.call("memory");
  const during = await flood(procedure, before.perSecond * 10, seconds * 1000);
  const memoryAfter = await cluster.call("memory");
  const grownMiB = (memoryAfter.heapUsed - memoryBefore.heapUsed) / 2 ** 20;
  const errors = [...during.errors].map(([code, count]) => `${count} ${code}`).join(", ");
  console.log(`${procedure}: 5 ms of CPU, ten times the load for ${seconds} s`);
  console.log(
    `  goodput / peak                        ${(during.goodput / before.perSecond).toFixed(2)}   (at least 0.8)`,
  );
  console.log(
    `  p99 of accepted / p99 alone           ${(during.at(0.99) / before.at(0.99)).toFixed(2)}   (at most 2)`,
  );
  const accepted = [0.5, 0.9, 0.95, 0.98, 0.99, 0.999].map((at) => during.at(at).toFixed(1)).join(", ");
  console.log(`  accepted: ${during.count} calls; p50, p90, p95, p98, p99, p99.9: ${accepted} ms; slowest refusal ${during.refusedMs.toFixed(1)} ms`);
  console.log(
    `  p99 alone ${before.at(0.99).toFixed(1)} ms, accepted ${during.at(0.99).toFixed(1)} ms; heap grew by ${grownMiB.toFixed(1)} MiB; turned away: ${errors}`,
  );
  if ([...during.errors.keys()].some((code) => code !== "OVERLOADED")) wrong++;
}
process.exitCode = wrong === 0 ? 0 : 1;
