import { type Bench, bench, type Driven, median } from "../harness.ts";
import { startJaysonPair } from "../local/jayson.ts";

const SYSTEMS = {
  moleculer: "Moleculer (TCP)",
  grpc: "@grpc/grpc-js",
  connect: "Connect (HTTP/2, protobuf)",
  "fastify-undici": "Fastify with undici (pipelined)",
  trpc: "tRPC (batches over HTTP)",
  capnweb: "capnweb (WebSocket)",
};
type System = keyof typeof SYSTEMS;
const systems = Object.keys(SYSTEMS) as System[];
const IN_FLIGHT = 64;

await bench(
  `From replica to replica over TCP, ${IN_FLIGHT} calls in flight, against others, each on its own best setting`,
  async (b) => {
    const app = await b.app(new URL("./apps/pair.ts", import.meta.url), { sockets: "tcp" });
    const jayson = await startJaysonPair(b);
    const others = await Promise.all(systems.map(async (system) => [system, await startOther(b, system)] as const));
    const rounds = await b.compare<"ours" | "jayson" | System>(
      {
        ours: { run: (ms) => app.call<Driven>("caller", "hello", { inFlight: IN_FLIGHT, ms }), pids: app.pids() },
        jayson: {
          run: (ms) => jayson.caller.ask("drive", { procedure: "hello", params: ["Ann"], inFlight: IN_FLIGHT, ms }),
          pids: jayson.pids,
        },
        ...(Object.fromEntries(others) as Record<System, (typeof others)[number][1]>),
      },
      { rounds: 9, roundMs: 300, warmMs: 1000 },
    );
    for (const system of systems) {
      b.row({ what: `calls a second, against ${SYSTEMS[system]}`, atLeast: 1, measured: rounds.speed("ours", system) });
    }
    const best = systems.toSorted(
      (one, other) => median(rounds.speed(other, "jayson")) - median(rounds.speed(one, "jayson")),
    )[0]!;
    b.row({
      what: `calls a second, against the best of them, ${SYSTEMS[best]}`,
      atLeast: 1,
      aim: 2,
      measured: rounds.speed("ours", best),
    });
    for (const system of systems) {
      b.row({ what: `CPU time a call, both sides, against ${SYSTEMS[system]}`, measured: rounds.cpu("ours", system) });
    }
    b.row({ what: "calls a second, against jayson", measured: rounds.speed("ours", "jayson") });
  },
);

async function startOther(b: Bench, system: System) {
  const file = new URL(`./others/${system}.side.ts`, import.meta.url);
  const [server, caller] = await Promise.all([b.start(file), b.start(file)]);
  await caller.ask("connect", await server.ask("listen"));
  return {
    run: (ms: number) => caller.ask<Driven>("drive", { inFlight: IN_FLIGHT, ms }),
    pids: [server.pid, caller.pid],
  };
}
