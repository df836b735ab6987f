/**
 * Measures the transport alone, against jayson to jayson over HTTP with keep-alive, in one run: interleaved rounds,
 * ratios of medians, CPU time a call of both processes.
 *
 *   tsx bench/call/transport.ts [ROUNDS]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent } from "node:http";
import jayson from "jayson";
import { createSystemClock } from "../../packages/core/src/clock/system-clock.ts";
import { Scope } from "../../packages/core/src/scope/scope.ts";
import { createMuxTransport } from "../../packages/core/src/transport/mux/index.ts";

type Call = (procedure: string, input: unknown) => Promise<unknown>;

const rounds = Number(process.argv[2] ?? 5);
const small = { id: 7, name: "histogram", values: [1, 2, 3] };
const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const hello = { app: "bench", service: "echo", replica: "echo.0", topology: "0" };

async function open(kind: "jayson" | "unix" | "tcp") {
  const child = fork(new URL("./transport-server.ts", import.meta.url), [kind]);
  const [{ address }] = (await once(child, "message")) as [{ address: string }];
  const cpu = async (): Promise<number> => {
    child.send("cpu");
    const [{ cpu: theirs }] = (await once(child, "message")) as [{ cpu: NodeJS.CpuUsage }];
    const ours = process.cpuUsage();
    return theirs.user + theirs.system + ours.user + ours.system;
  };
  let call: Call;
  if (kind === "jayson") {
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const client = jayson.Client.http({ host: "127.0.0.1", port: Number(address), agent });
    call = (procedure, input) =>
      new Promise((resolve, reject) => {
        client.request(procedure, [input], (error: unknown, response: { result: unknown }) =>
          error ? reject(error) : resolve(response.result),
        );
      });
  } else {
    const clock = createSystemClock();
    const connection = createMuxTransport(clock).connect(address, {
      self: hello,
      wanted: hello,
      stateChanged: () => {},
      maxOutputBytes: 1e8,
    });
    call = (procedure, input) => {
      const scope = new Scope({ clock, deadlineAt: clock.now() + 30_000, trace });
      const answer = connection.call({ procedure, input, scope });
      answer.then(
        () => scope.end(),
        () => scope.end(),
      );
      return answer;
    };
  }
  return { call, cpu, close: () => child.disconnect() };
}

async function measure(peer: Awaited<ReturnType<typeof open>>, procedure: string, inFlight: number, count: number) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await peer.call(procedure, procedure === "echo" ? small : undefined);
  };
  const cpu = await peer.cpu();
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const micros = ((performance.now() - start) * 1000) / count;
  return { micros, cpu: ((await peer.cpu()) - cpu) / count };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const only = process.argv[3];
const kinds = (only === undefined ? ["jayson", "unix", "tcp"] : only.split(",")) as ("jayson" | "unix" | "tcp")[];
const peers = Object.fromEntries(await Promise.all(kinds.map(async (kind) => [kind, await open(kind)] as const)));
const cases = [
  ["echo", 64, 2000, 40_000],
  ["echo", 1, 500, 4000],
  ["hundred", 64, 1000, 20_000],
  ["floats", 8, 100, 1000],
] as const;
for (const [procedure, inFlight, jaysonCalls, ourCalls] of cases) {
  const times: Record<string, { micros: number; cpu: number }[]> = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const kind of kinds) {
      const result = await measure(peers[kind]!, procedure, inFlight, kind === "jayson" ? jaysonCalls : ourCalls);
      // The first round warms up.
      if (round > 0) times[kind]!.push(result);
    }
  }
  for (const kind of kinds) {
    const micros = median(times[kind]!.map((one) => one.micros));
    const cpu = median(times[kind]!.map((one) => one.cpu));
    const base = times.jayson ?? times[kind]!;
    const speed = median(base.map((one, i) => one.micros / times[kind]![i]!.micros));
    const cpuRatio = median(base.map((one, i) => times[kind]![i]!.cpu / one.cpu));
    console.log(
      `${procedure.padEnd(8)} ${String(inFlight).padStart(3)} in flight  ${kind.padEnd(7)} ${micros.toFixed(1).padStart(8)} µs/call  ` +
        `${cpu.toFixed(1).padStart(8)} µs CPU/call  ${speed.toFixed(1)}x  CPU ${cpuRatio.toFixed(3)}`,
    );
  }
}
for (const peer of Object.values(peers)) peer.close();
process.exit();
