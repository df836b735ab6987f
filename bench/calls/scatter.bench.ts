import { type BenchApp, bench, type Driven } from "../harness.ts";
import { startJaysonTree } from "../local/jayson.ts";

const CALLERS = 8;

await bench(`Scatter, ${CALLERS} callers, against the same tree in jayson`, async (b) => {
  const ours = (app: BenchApp) => ({
    run: (ms: number) => app.call<Driven>("caller", "tree", { inFlight: CALLERS, ms }),
    pids: app.pids(),
  });
  const ten = new URL("./apps/tree.ts", import.meta.url);
  const [unix, tcp] = [await b.app(ten, { sockets: "unix" }), await b.app(ten, { sockets: "tcp" })];
  const theirs = await startJaysonTree(b, 10);
  const jayson = {
    run: (ms: number) =>
      theirs.caller.ask<Driven>("drive", { procedure: "scatter", params: [], inFlight: CALLERS, ms }),
    pids: theirs.pids,
  };
  const rounds = await b.compare({ unix: ours(unix), tcp: ours(tcp), jayson }, { rounds: 9 });
  b.row({
    what: "over 10 leaf processes, calls a second, TCP",
    atLeast: 3,
    aim: 4.5,
    measured: rounds.speed("tcp", "jayson"),
  });
  b.row({
    what: "over 10 leaf processes, calls a second, Unix sockets",
    atLeast: 4,
    aim: 6.5,
    measured: rounds.speed("unix", "jayson"),
  });
  b.row({ what: "over 10 leaf processes, CPU time a call, TCP", measured: rounds.cpu("tcp", "jayson") });
  b.row({ what: "over 10 leaf processes, CPU time a call, Unix sockets", measured: rounds.cpu("unix", "jayson") });
});
