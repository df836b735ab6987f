import { bench, type Driven } from "../harness.ts";

await bench("A durable program of five trivial steps, on SQLite", async (b) => {
  const app = await b.app(new URL("./apps/five.ts", import.meta.url), { sockets: "unix" });
  const bare = await b.start(new URL("./bare.side.ts", import.meta.url));
  const against = async (commits: "alone" | "grouped", inFlight: number) => {
    const rounds = await b.compare(
      {
        ours: { run: (ms) => app.call<Driven>("driver", "five", { inFlight, ms }), pids: app.pids() },
        bare: { run: (ms) => bare.ask<Driven>(commits, { inFlight, ms }), pids: [bare.pid] },
      },
      { rounds: 9, roundMs: 800, warmMs: 400, warmCalls: 500, budgetMs: 20_000 },
    );
    return rounds.speed("ours", "bare");
  };
  b.row({
    what: "one run after another, against a bare script that makes the same commits",
    atLeast: 0.5,
    aim: 0.8,
    measured: await against("alone", 1),
  });
  b.row({
    what: "100 runs at once, against that script with group commit",
    atLeast: 0.4,
    aim: 0.7,
    measured: await against("grouped", 100),
  });
});
