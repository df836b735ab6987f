/**
 * Three replicas whose handler takes 10 ms, and 200 ms in one of twenty calls: the 99th percentile with and without
 * hedging, against the median where nothing is slow.
 *
 *   tsx bench/calls-under-fault/hedging.bench.ts [SECONDS]
 */
import { startCluster } from "./cluster.ts";
import { sorted } from "./sorted.ts";

const seconds = Number(process.argv[2] ?? 8);
const REPLICAS = 3;
const CALLERS = 8;
await using cluster = await startCluster(REPLICAS);
const channel = cluster.host.channel("bench");

async function slowInShare(share: number): Promise<void> {
  for (let ordinal = 0; ordinal < REPLICAS; ordinal++) {
    await cluster.host.within({}, (scope) => channel.callShard(ordinal, "slow", share, scope));
  }
}

async function measure(hedged: boolean, forMs = seconds * 1000) {
  const latencies: number[] = [];
  const until = performance.now() + forMs;
  const caller = async () => {
    for (let now = performance.now(); now < until; ) {
      const hedge = hedged ? true : undefined;
      await cluster.host.within({}, (scope) => channel.callAny("sometimesSlow", 1, scope, 1, 0, hedge));
      const after = performance.now();
      latencies.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return { calls: latencies.length, at: sorted(latencies) };
}

const metric = (name: string) => [...cluster.host.metrics()].find((one) => one.name === name)?.value ?? 0;

await measure(false, 1000);
const free = await measure(false);
await slowInShare(0.05);
const plain = await measure(false);
await measure(true, 2000); // Until the percentile is known.
const before = metric("hadron_client_hedges_total");
const hedged = await measure(true);
const hedges = metric("hadron_client_hedges_total") - before;

const median = free.at(0.5);
console.log("10 ms of waiting, 200 ms in 5 % of calls; in medians of the run without slow calls");
console.log(`  nothing slow: p99                  ${(free.at(0.99) / median).toFixed(2)}`);
console.log(`  5 % slow, not hedged: p99          ${(plain.at(0.99) / median).toFixed(2)}`);
console.log(`  5 % slow, hedged: p99              ${(hedged.at(0.99) / median).toFixed(2)}   (at most 2.5)`);
console.log(`  5 % slow, hedged: p95, p99.9       ${(hedged.at(0.95) / median).toFixed(2)}, ${(hedged.at(0.999) / median).toFixed(2)}`);
console.log(`  more calls                         ${((hedges / hedged.calls) * 100).toFixed(1)} %  (at most 7 %)`);
console.log(`  median ${median.toFixed(1)} ms, ${hedged.calls} calls, hedged after ${channel.hedgeAfterMs("sometimesSlow")?.toFixed(1)} ms`);
