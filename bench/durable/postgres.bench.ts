import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedServer } from "../../packages/resources/src/database/embedded/server.ts";
import { bench, type Driven } from "../harness.ts";

const IN_FLIGHT = 100;

await bench(`A durable program of five trivial steps on PostgreSQL, ${IN_FLIGHT} runs at once`, async (b) => {
  const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
  b.defer(() => rmSync(folder, { recursive: true, force: true }));
  const server = await EmbeddedServer.start({ folder: join(folder, "data"), warn: console.error });
  b.defer(() => server.stop());
  const url = (database: string) => `postgres://postgres@localhost/${database}?host=${encodeURIComponent(server.host)}`;
  const app = await b.app(new URL("./apps/five.ts", import.meta.url), {
    sockets: "unix",
    flags: ["--store=postgres", "--postgres=BENCH_POSTGRES"],
    env: { BENCH_POSTGRES: url("postgres") },
  });
  const dbos = await b.start(new URL("./dbos.side.ts", import.meta.url));
  await dbos.ask("launch", url("dbos"));
  const rounds = await b.compare(
    {
      ours: {
        run: (ms) => app.call<Driven>("driver", "five", { inFlight: IN_FLIGHT, ms }),
        pids: app.pids(),
      },
      dbos: { run: (ms) => dbos.ask<Driven>("five", { inFlight: IN_FLIGHT, ms }), pids: [dbos.pid] },
    },
    { rounds: 7, roundMs: 1000, warmMs: 1000, warmCalls: 300, budgetMs: 20_000 },
  );
  b.row({
    what: "runs a second, against the DBOS SDK on the same server",
    atLeast: 2,
    aim: 5,
    measured: rounds.speed("ours", "dbos"),
  });
});
