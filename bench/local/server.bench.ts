import { bench, type Side } from "../harness.ts";

const CONNECTIONS = 16;
const body = JSON.stringify({ jsonrpc: "2.0", method: "hello", params: ["Ann"], id: 1 });
const expected = JSON.stringify({ jsonrpc: "2.0", result: "Hello, Ann!", id: 1 });

await bench(
  `Our server (a replica of hello.ts) under an outside load generator, ${CONNECTIONS} connections`,
  async (b) => {
    const app = await b.app(new URL("../../examples/hello.ts", import.meta.url), { sockets: "tcp" });
    const bare = await b.start(new URL("./drain-server.side.ts", import.meta.url), expected);
    const generator = (port: number) =>
      openGenerator(() => b.start(new URL("./generator.side.ts", import.meta.url)), port);
    const [toOurs, toBare] = [
      await generator(Number(new URL(app.url("hello")).port)),
      await generator(await bare.ask<number>("listen")),
    ];

    const rounds = await b.compare(
      {
        ours: { run: (ms) => toOurs.ask("load", { ms }), pids: app.pids() },
        bare: { run: (ms) => toBare.ask("load", { ms }), pids: [bare.pid] },
      },
      { rounds: 21, roundMs: 500, warmMs: 3000 },
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

async function openGenerator(start: () => Promise<Side>, port: number): Promise<Side> {
  const side = await start();
  await side.ask("open", { port, connections: CONNECTIONS, body, expected });
  return side;
}
