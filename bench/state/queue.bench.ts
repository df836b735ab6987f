import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedServer } from "../../packages/resources/src/database/embedded/server.ts";
import { bench, type Driven, median } from "../harness.ts";
import { startRedis } from "./redis-server.ts";

const IN_FLIGHT = 64;
const QUIET_MESSAGES = 60;
/** Nothing happens for so long before each, so that all who take part have gone to sleep. */
const QUIET_MS = 20;

interface Tally {
  readonly done: number;
  readonly begunAt: number;
}

await bench(`A queue: ${IN_FLIGHT} senders, 8 consumers, each message on disk before it is answered`, async (b) => {
  const app = await b.app(new URL("./apps/kept.ts", import.meta.url), { sockets: "unix" });
  let sent = 0;
  const isDone = async (count: number): Promise<Tally> => {
    for (;;) {
      const tally = await app.call<Tally>("tally", "read");
      if (tally.done >= count) return tally;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const ours = {
    run: async (ms: number) => {
      const startedAt = performance.now();
      const { calls } = await app.call<Driven>("driver", "send", { inFlight: IN_FLIGHT, ms });
      sent += calls;
      await isDone(sent);
      return { calls, ms: performance.now() - startedAt, refused: 0 };
    },
    pids: app.pids(),
  };

  const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
  b.defer(() => rmSync(folder, { recursive: true, force: true }));
  const server = await EmbeddedServer.start({ folder: join(folder, "data"), warn: console.error });
  b.defer(() => server.stop());
  const boss = await b.start(new URL("./other-queues.side.ts", import.meta.url));
  await boss.ask("pgBoss", { host: server.host, port: server.port, user: "postgres" });
  const through = (side: typeof boss, pids: readonly number[]) => ({
    run: (ms: number) => side.ask<Driven>("through", { inFlight: IN_FLIGHT, ms }),
    pids,
  });
  const options = { rounds: 5, roundMs: 600, warmMs: 300, budgetMs: 15_000 };
  const postgres = await b.compare({ ours, boss: through(boss, [boss.pid]) }, options);
  b.row({
    what: "send to done, messages a second, against pg-boss on PostgreSQL, batches of 100",
    atLeast: 3,
    aim: 10,
    measured: postgres.speed("ours", "boss"),
  });
  await boss.close();

  const redis = await startRedis(true);
  if (redis === undefined) b.note("BullMQ was not compared: no redis-server is installed.");
  else {
    b.defer(redis.close);
    const bull = await b.start(new URL("./other-queues.side.ts", import.meta.url));
    await bull.ask("bullmq", redis.path);
    const rounds = await b.compare({ ours, bull: through(bull, [bull.pid, redis.pid]) }, options);
    b.row({
      what: "the same, against BullMQ on Redis with appendfsync always",
      atLeast: 1.5,
      aim: 3,
      measured: rounds.speed("ours", "bull"),
    });
  }

  // What is idle is woken: one message at a time, and one call at a time to a service of another replica.
  const [waits, calls]: [number[], number[]] = [[], []];
  const quiet = () => new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  for (let n = 0; n < QUIET_MESSAGES; n++) {
    await quiet();
    const sentAt = await app.call<number>("driver", "sendOne");
    const { begunAt } = await isDone(++sent);
    waits.push(begunAt - sentAt);
    await quiet();
    calls.push(await app.call<number>("driver", "callOne"));
  }
  b.row({
    what: "an idle queue, send to handler begun, p50, against a call to a service, there and back",
    atMost: 3,
    aim: 2,
    measured: [median(waits) / median(calls)],
  });
});
