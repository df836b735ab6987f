import { bench } from "../harness.ts";
import { startCaller } from "./hadron-caller.ts";
import { startJaysonTree } from "./jayson.ts";

const CALLERS = 8;

await bench(
  `Scatter over 10 leaves of 100 integers each, ${CALLERS} callers, each replica a process, against the same tree in jayson`,
  async (b) => {
    const app = await b.app(new URL("./apps/tree.ts", import.meta.url), { sockets: "unix" });
    const [overSocket, overHttp] = [
      await startCaller(b, app, "tree", app.address("tree")),
      await startCaller(b, app, "tree", app.url("tree")),
    ];
    const theirs = await startJaysonTree(b, 10);
    const load = { service: "tree", procedure: "tree", inFlight: CALLERS };

    const rounds = await b.compare({
      ours: { run: (ms) => overSocket.ask("drive", { ...load, ms }), pids: [overSocket.pid, ...app.pids()] },
      http: { run: (ms) => overHttp.ask("drive", { ...load, ms }), pids: [overHttp.pid, ...app.pids()] },
      jayson: {
        run: (ms) => theirs.caller.ask("drive", { procedure: "scatter", params: [], inFlight: CALLERS, ms }),
        pids: theirs.pids,
      },
    });
    b.row({ what: "calls a second", atLeast: 3, aim: 6, measured: rounds.speed("ours", "jayson") });
    b.row({ what: "CPU time a call, all processes", measured: rounds.cpu("ours", "jayson") });
    b.row({ what: "calls a second, callers over plain HTTP", measured: rounds.speed("http", "jayson") });
  },
);
