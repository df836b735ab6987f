import { bench } from "../harness.ts";
import { startBareServer, startGenerator } from "./generator.ts";
import { startCaller } from "./hadron-caller.ts";
import { startJaysonPair } from "./jayson.ts";

const IN_FLIGHT = 64;

await bench(
  `Our client over plain HTTP to our server, ${IN_FLIGHT} calls in flight, against jayson to jayson`,
  async (b) => {
    const app = await b.app(new URL("../../examples/hello.ts", import.meta.url), { sockets: "tcp" });
    const ours = await startCaller(b, app, "hello", app.url("hello"));
    const theirs = await startJaysonPair(b);
    const bare = await startBareServer(b);
    const raw = await startGenerator(b, bare.port, IN_FLIGHT);
    const load = { procedure: "hello", inFlight: IN_FLIGHT };

    const rounds = await b.compare(
      {
        ours: {
          run: (ms) => ours.ask("drive", { ...load, service: "hello", input: "Ann", ms }),
          pids: [ours.pid, ...app.pids()],
        },
        jayson: { run: (ms) => theirs.caller.ask("drive", { ...load, params: ["Ann"], ms }), pids: theirs.pids },
        raw: { run: (ms) => raw.ask("load", { ms }), pids: [raw.pid, bare.side.pid] },
      },
      { rounds: 21, roundMs: 300, warmMs: 2000 },
    );
    b.row({ what: "calls a second", atLeast: 2.2, aim: 4, measured: rounds.speed("ours", "jayson") });
    b.row({ what: "CPU time a call, both sides", measured: rounds.cpu("ours", "jayson") });
    b.row({
      what: "the most there is: calls a second of raw sockets to a bare node:http",
      measured: rounds.speed("raw", "jayson"),
    });
    b.row({ what: "the least there is: CPU time a call of these, both sides", measured: rounds.cpu("raw", "jayson") });
  },
);
