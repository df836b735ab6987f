import { bench } from "../harness.ts";
import { startBareServer, startGenerator } from "./generator.ts";

const CONNECTIONS = 16;

await bench(
  `Our server (a replica of hello.ts) under an outside load generator, ${CONNECTIONS} connections`,
  async (b) => {
    const app = await b.app(new URL("../../examples/hello.ts", import.meta.url), { sockets: "tcp" });
    const bare = await startBareServer(b);
    const toOurs = await startGenerator(b, Number(new URL(app.url("hello")).port), CONNECTIONS);
    const toBare = await startGenerator(b, bare.port, CONNECTIONS);

    const rounds = await b.compare(
      {
        ours: { run: (ms) => toOurs.ask("load", { ms }), pids: app.pids() },
        bare: { run: (ms) => toBare.ask("load", { ms }), pids: [bare.side.pid] },
      },
      { rounds: 41, roundMs: 250, warmMs: 3000 },
    );
    b.row({
      what: "requests a second, against node:http that only drains and answers",
      atLeast: 0.75,
      aim: 0.9,
      measured: rounds.speed("ours", "bare"),
    });
    b.row({ what: "CPU time a request of the server, against the same", measured: rounds.cpu("ours", "bare") });
  },
);
