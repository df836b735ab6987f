import { bench, type Driven } from "../harness.ts";
import { startRedis } from "./redis-server.ts";

/** Of which each of two replicas has half. */
const CALLERS = 64;

await bench(`Values by key, ${CALLERS} callers in two replicas`, async (b) => {
  const app = await b.app(new URL("./apps/kept.ts", import.meta.url), { sockets: "unix" });
  const bare = await b.start(new URL("./bare-sqlite.side.ts", import.meta.url));
  await app.call("driver", "fill");
  const both = (procedure: string, inFlight = CALLERS / 2) => ({
    run: async (ms: number) => {
      const halves = await Promise.all([0, 1].map(() => app.call<Driven>("driver", procedure, { inFlight, ms })));
      return { calls: halves.reduce((sum, half) => sum + half.calls, 0), ms, refused: 0 };
    },
    pids: app.pids(),
  });
  const sets = await b.compare(
    {
      ours: both("set"),
      bare: { run: (ms) => bare.ask<Driven>("set", { inFlight: CALLERS, ms }), pids: [bare.pid] },
    },
    { budgetMs: 12_000, rounds: 9 },
  );
  b.row({
    what: "set, against a script that commits the same rows to SQLite, as durable, a turn at a time",
    atLeast: 0.4,
    aim: 0.7,
    measured: sets.speed("ours", "bare"),
  });

  const redis = await startRedis(false);
  if (redis === undefined) {
    b.note("get and lock were not compared: no redis-server is installed.");
    return;
  }
  b.defer(redis.close);
  // Each of the two replicas has a connection of its own.
  await Promise.all([0, 1, 2, 3].map(() => app.call("driver", "redis", redis.path)));
  const gets = await b.compare({ ours: both("get"), redis: both("redisGet") }, { budgetMs: 12_000, rounds: 9 });
  b.row({
    what: "get, against Redis through iovalkey from the same replicas",
    atLeast: 0.5,
    aim: 1,
    measured: gets.speed("ours", "redis"),
  });
  const one = (procedure: string) => ({
    run: (ms: number) => app.call<Driven>("driver", procedure, { inFlight: 1, ms }),
    pids: app.pids(),
  });
  const locks = await b.compare({ ours: one("lock"), redis: one("redisLock") }, { budgetMs: 12_000, rounds: 9 });
  b.row({
    what: "a lock that nobody else wants, acquire and release, against SET NX PX and its script, kept in memory alone",
    atLeast: 0.5,
    aim: 1,
    measured: locks.speed("ours", "redis"),
  });
});
