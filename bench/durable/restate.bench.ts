import { bench, type Driven } from "../harness.ts";
import { startRestate } from "./restate-server.ts";

const IN_FLIGHT = 100;

await bench(`A durable program of five trivial steps, ${IN_FLIGHT} runs at once, each on disk`, async (b) => {
  const restate = await startRestate();
  if (restate === undefined) {
    b.note(
      `Restate was not compared: its server is not installed (npx pnpm add -wD @restatedev/restate-server-${process.platform}-${process.arch}).`,
    );
    return;
  }
  b.defer(restate.close);
  const side = await b.start(new URL("./restate.side.ts", import.meta.url));
  await side.ask("register", restate);
  const app = await b.app(new URL("./apps/five.ts", import.meta.url), { sockets: "unix" });
  const rounds = await b.compare(
    {
      ours: {
        run: (ms) => app.call<Driven>("driver", "five", { inFlight: IN_FLIGHT, ms }),
        pids: app.pids(),
      },
      restate: { run: (ms) => side.ask<Driven>("five", { inFlight: IN_FLIGHT, ms }), pids: [side.pid, restate.pid] },
    },
    { rounds: 7, roundMs: 1000, warmMs: 1000, warmCalls: 300, budgetMs: 20_000 },
  );
  b.row({
    what: "runs a second on SQLite, against a Restate server",
    atLeast: 1,
    aim: 2,
    measured: rounds.speed("ours", "restate"),
  });
});
