/**
 * A store under load, to be killed: writes keys that count up, sends messages, and prints what was acknowledged, a line each.
 * Words: the folder, and a name that no earlier life had.
 */
import { createSystemClock } from "@hadron/core/spi";
import { SqliteDriver, StoreServer, toTimeSource } from "../../src/store/index.ts";

const [, , folder = "", life = ""] = process.argv;
const CALLERS = 16;
const time = toTimeSource(createSystemClock());
const server = new StoreServer(await SqliteDriver.open({ folder, time }), time, `server-${life}`);
let number = 0;

async function commit(operations: Parameters<typeof server.commit>[0]["operations"]) {
  const own = ++number;
  return server.commit({ client: life, number: own, settled: Math.max(0, own - 1000), operations });
}

process.stdout.write("open\n");
await Promise.all(
  Array.from({ length: CALLERS }, async (_, caller) => {
    for (let count = 1; ; count++) {
      const body = new TextEncoder().encode(`${life}/${caller}/${count}`);
      const [set, sent] = await commit([
        {
          kind: "set",
          store: "s",
          entries: [{ key: `${life}/${caller}`, value: body, ifVersion: undefined }],
          ttlMs: undefined,
          fence: undefined,
        },
        { kind: "send", queues: ["q"], body, id: undefined, key: undefined, delayMs: 0, maxLength: undefined },
      ]);
      if (set === undefined || sent === undefined || "refused" in set || "refused" in sent) throw new Error("refused");
      process.stdout.write(`${life}/${caller}/${count}\n`);
    }
  }),
);
