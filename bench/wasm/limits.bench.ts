import { setTimeout as sleep } from "node:timers/promises";
import { bench, type Driven } from "../harness.ts";

/** Of the service that runs out of its time. */
const LIMIT_MS = 50;

await bench("Modules of WebAssembly: a call past its time, and work that is shared out", async (b) => {
  const app = await b.app(new URL("./apps/modules.ts", import.meta.url), { sockets: "unix" });
  const pids = app.pids();
  const beyond: number[] = [];
  for (let n = 0; n < 15; n++) {
    beyond.push(((await app.call<number>("driver", "late")) - LIMIT_MS) / LIMIT_MS);
    // Until the thread that was ended has been replaced.
    await sleep(200);
  }
  b.row({
    what: `a call without end, limit ${LIMIT_MS} ms: what its answer takes beyond that, of the limit`,
    atMost: 1,
    aim: 0.2,
    measured: beyond,
  });

  const worked = await b.compare(
    {
      two: { run: () => app.call<Driven>("driver", "two"), pids },
      one: { run: () => app.call<Driven>("driver", "one"), pids },
    },
    { rounds: 9, warmMs: 1, budgetMs: 14_000 },
  );
  b.row({
    what: "map-reduce of compute-bound work, 2 workers against 1",
    atLeast: 1.6,
    aim: 1.9,
    measured: worked.speed("two", "one"),
  });
});
