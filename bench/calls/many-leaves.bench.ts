import { bench, type Driven } from "../harness.ts";
import { startJaysonTree } from "../local/jayson.ts";

const CALLERS = 8;

await bench(
  `Scatter over 100 leaves in 10 processes, ${CALLERS} callers, against the same tree in jayson`,
  async (b) => {
    const app = await b.app(new URL("./apps/many-leaves.ts", import.meta.url), { sockets: "unix" });
    const theirs = await startJaysonTree(b, 10, 10);
    const rounds = await b.compare(
      {
        ours: { run: (ms) => app.call<Driven>("caller", "tree", { inFlight: CALLERS, ms }), pids: app.pids() },
        jayson: {
          run: (ms) => theirs.caller.ask<Driven>("drive", { procedure: "scatter", params: [], inFlight: CALLERS, ms }),
          pids: theirs.pids,
        },
      },
      { rounds: 9 },
    );
    b.row({ what: "calls a second, Unix sockets", atLeast: 10, aim: 17, measured: rounds.speed("ours", "jayson") });
    b.row({ what: "CPU time a call, all processes", measured: rounds.cpu("ours", "jayson") });
    b.note(
      "A hundred leaves in ten processes are ten calls to each of ten shards, made by a pattern of the bench's own: no pattern of the " +
        "product puts several leaves into a process.",
    );
  },
);
