import { bench, type Driven, median, type Sample } from "../harness.ts";
import { startJaysonTree } from "../local/jayson.ts";

await bench(
  "Scatter over 10 whose slowest leaf takes 5 to 20 ms: what is added to that leaf, median, against what jayson adds",
  async (b) => {
    const app = await b.app(new URL("./apps/slow-leaf.ts", import.meta.url), { sockets: "unix" });
    const theirs = await startJaysonTree(b, 10);
    const compare = (inFlight: number, warmMs: number) =>
      b.compare(
        {
          ours: { run: (ms) => app.call<Driven>("caller", "tree", { inFlight, ms }), pids: app.pids() },
          jayson: {
            run: (ms) => theirs.caller.ask<Driven>("driveAdded", { procedure: "scatterSlow", inFlight, ms }),
            pids: theirs.pids,
          },
        },
        { roundMs: 700, rounds: 9, warmMs, budgetMs: 18_000 },
      );
    const added = ({ latencies }: Sample) => median(latencies);
    const eight = await compare(8, 1000);
    b.row({ what: "8 callers", atMost: 0.8, aim: 0.5, measured: eight.ratios("ours", "jayson", added) });
    const one = await compare(1, 200);
    b.row({ what: "1 caller", atMost: 0.8, aim: 0.5, measured: one.ratios("ours", "jayson", added) });
  },
);
