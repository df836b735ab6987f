import { type BenchApp, bench, type Driven } from "../harness.ts";
import { startJaysonTree } from "../local/jayson.ts";

const CALLERS = 8;

await bench(`Scatter, ${CALLERS} callers, against the same tree in jayson`, async (b) => {
  const ours = (app: BenchApp) => ({
    run: (ms: number) => app.call<Driven>("caller", "tree", { inFlight: CALLERS, ms }),
    pids: app.pids(),
  });
  const against = (tree: Awaited<ReturnType<typeof startJaysonTree>>) => ({
    run: (ms: number) => tree.caller.ask<Driven>("drive", { procedure: "scatter", params: [], inFlight: CALLERS, ms }),
    pids: tree.pids,
  });

  const ten = new URL("./apps/tree.ts", import.meta.url);
  const [unix, tcp] = [await b.app(ten, { sockets: "unix" }), await b.app(ten, { sockets: "tcp" })];
  const theirs = await startJaysonTree(b, 10);
  const rounds = await b.compare({ unix: ours(unix), tcp: ours(tcp), jayson: against(theirs) }, { rounds: 9 });
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
  await Promise.all([unix.close(), tcp.close(), theirs.close()]);

  const many = await b.app(new URL("./apps/many-leaves.ts", import.meta.url), { sockets: "unix" });
  const theirMany = await startJaysonTree(b, 10, 10);
  const more = await b.compare({ unix: ours(many), jayson: against(theirMany) }, { rounds: 9 });
  b.row({
    what: "over 100 leaves in 10 processes, calls a second",
    atLeast: 10,
    aim: 17,
    measured: more.speed("unix", "jayson"),
  });
  b.row({ what: "over 100 leaves in 10 processes, CPU time a call", measured: more.cpu("unix", "jayson") });
  b.note(
    "A hundred leaves in ten processes are ten calls to each of ten shards, made by a pattern of the bench's own: no pattern of the product puts several leaves into a process.",
  );
});
