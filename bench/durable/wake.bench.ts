import { setTimeout } from "node:timers/promises";
import { Pool } from "undici";
import { bench, median } from "../harness.ts";

const ROUNDS = 7;
const REQUESTS = 20;
/** Before each request, of either side: what the one before left to be kept is kept, and the run waits. */
const PAUSE_MS = 25;

await bench("A webhook wakes a run", async (b) => {
  const app = await b.app(new URL("./apps/waiter.ts", import.meta.url), { sockets: "unix" });
  const bare = await b.start(new URL("./bare-http.side.ts", import.meta.url));
  await app.call("waiter", "start", { id: "one" });
  let path = "";
  while (path === "") path = await app.call<string>("told", "read");
  const [door, other] = [app.url("waiter"), await bare.ask<string>("url")].map((url) => new Pool(new URL(url).origin));
  b.defer(() => Promise.all([door?.close(), other?.close()]));
  /** How long after the request something was, p50, in milliseconds. */
  const p50 = async (pool: Pool | undefined, to: string, wasAt: () => Promise<number>) => {
    const all: number[] = [];
    for (let n = 0; n < REQUESTS; n++) {
      await setTimeout(PAUSE_MS);
      const sentAt = performance.timeOrigin + performance.now();
      const answer = await pool?.request({
        path: to,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"by":"ann"}',
      });
      if (answer?.statusCode !== 200) throw new Error(`${answer?.statusCode} ${await answer?.body.text()}`);
      await answer.body.dump();
      all.push((await wasAt()) - sentAt);
    }
    return median(all);
  };
  const ours = () => p50(door, new URL(path, "http://door").pathname, () => app.call<number>("told", "next"));
  const theirs = () => p50(other, "/", () => bare.ask<number>("keptAt"));
  await ours();
  await theirs();
  const measured: number[] = [];
  for (let round = 0; round < ROUNDS; round++) measured.push((await ours()) / (await theirs()));
  b.row({
    what: "request to the next step begun, p50, against a bare HTTP server's request to its row on disk",
    atMost: 2,
    aim: 1.3,
    measured,
  });
});
