/**
 * Three replicas whose handler takes 10 ms, and 200 ms in one of twenty calls: the 99th percentile with and without
 * hedging, against the median where nothing is slow.
 */
import { bench } from "../harness.ts";
import { startCluster } from "./cluster.ts";
import { sorted } from "./sorted.ts";

const REPLICAS = 3;
const CALLERS = 8;
const ROUNDS = 3;
const ROUND_MS = 3000;

await bench("10 ms of waiting, 200 ms in 5 % of calls, in medians of the run without slow calls", async (b) => {
  const cluster = await startCluster(REPLICAS);
  b.defer(() => cluster[Symbol.asyncDispose]());
  const channel = cluster.host.channel("bench");

  const slowIn = async (share: number) => {
    for (let ordinal = 0; ordinal < REPLICAS; ordinal++) {
      await cluster.host.within({}, (scope) => channel.callShard(ordinal, "slow", share, scope));
    }
  };
  const measure = async (hedged: boolean, forMs: number) => {
    const latencies: number[] = [];
    const until = performance.now() + forMs;
    const hedge = hedged ? true : undefined;
    const caller = async () => {
      for (let now = performance.now(); now < until; ) {
        await cluster.host.within({}, (scope) => channel.callAny("sometimesSlow", 1, scope, { hedge }));
        const after = performance.now();
        latencies.push(after - now);
        now = after;
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    return { calls: latencies.length, at: sorted(latencies) };
  };
  const hedges = () => [...cluster.host.metrics()].find((one) => one.name === "hadron_client_hedges_total")?.value ?? 0;

  await measure(false, 1000);
  const ratios = { free: [] as number[], plain: [] as number[], hedged: [] as number[], more: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    await slowIn(0);
    const free = await measure(false, ROUND_MS);
    await slowIn(0.05);
    const plain = await measure(false, ROUND_MS);
    // Until the percentile is known.
    if (round === 0) await measure(true, ROUND_MS);
    const before = hedges();
    const hedged = await measure(true, ROUND_MS);
    const median = free.at(0.5);
    ratios.free.push(free.at(0.99) / median);
    ratios.plain.push(plain.at(0.99) / median);
    ratios.hedged.push(hedged.at(0.99) / median);
    ratios.more.push(1 + (hedges() - before) / hedged.calls);
  }
  b.row({ what: "nothing slow: p99", measured: ratios.free });
  b.row({ what: "5 % slow, not hedged: p99", measured: ratios.plain });
  b.row({ what: "5 % slow, hedged: p99", atMost: 2.5, measured: ratios.hedged });
  b.row({ what: "calls made, hedged / not", atMost: 1.07, measured: ratios.more });
  b.note(`Hedged after ${channel.hedgeAfterMs("sometimesSlow")?.toFixed(1)} ms.`);
});
