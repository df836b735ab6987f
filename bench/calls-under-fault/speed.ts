/**
 * What the promises of the call path cost when nothing goes wrong: calls a second and CPU time a call, from one process
 * to another over a Unix socket.
 *
 *   tsx bench/calls-under-fault/speed.ts [SECONDS]
 */
import { startCluster } from "./cluster.ts";

const seconds = Number(process.argv[2] ?? 3);
await using cluster = await startCluster(1);

async function measure(procedure: string, inFlight: number): Promise<void> {
  const cpuOf = async () => {
    const theirs = await cluster.call("cpu");
    const ours = process.cpuUsage();
    return theirs.user + theirs.system + ours.user + ours.system;
  };
  const before = await cpuOf();
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  let calls = 0;
  const caller = async () => {
    for (; performance.now() < until; calls++) await cluster.call(procedure, { id: calls });
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const perSecond = calls / ((performance.now() - startedAt) / 1000);
  const micros = ((await cpuOf()) - before) / calls;
  console.log(
    `${procedure}, ${inFlight} in flight: ${Math.round(perSecond)} calls/s, ${micros.toFixed(1)} µs CPU a call`,
  );
}

await measure("echoOnce", 64);
for (const inFlight of [64, 1]) for (const procedure of ["echoOnce", "echo"]) await measure(procedure, inFlight);
