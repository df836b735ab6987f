import { bench } from "../harness.ts";

const SOCKETS = 1000;

await bench(`${SOCKETS} WebSockets that echo`, async (b) => {
  const app = await b.app(new URL("./apps/web.ts", import.meta.url), { sockets: "tcp" });
  const start = () => b.start(new URL("./others/sockets.side.ts", import.meta.url));
  const bare = await start();
  const barePort = await bare.ask<number>("serve");
  const [toOurs, toBare] = [await start(), await start()];
  await toOurs.ask("open", { url: `${app.url("web").replace("http", "ws")}/echo`, count: SOCKETS });
  await toBare.ask("open", { url: `ws://127.0.0.1:${barePort}`, count: SOCKETS });
  const rounds = await b.compare(
    {
      ours: { run: (ms) => toOurs.ask("load", { ms }), pids: app.pids("web") },
      bare: { run: (ms) => toBare.ask("load", { ms }), pids: [bare.pid] },
    },
    { rounds: 11, roundMs: 500, warmMs: 1500, budgetMs: 30_000 },
  );
  b.row({ what: "messages a second, against bare ws", atLeast: 0.7, aim: 0.9, measured: rounds.speed("ours", "bare") });
});
