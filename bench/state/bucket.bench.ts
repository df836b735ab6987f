import { createReadStream, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { bench, type Driven } from "../harness.ts";

const MEBIBYTES = 100;

await bench(`A bucket: ${MEBIBYTES} MiB in, synced, and out again`, async (b) => {
  const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
  b.defer(() => rmSync(folder, { recursive: true, force: true }));
  const app = await b.app(new URL("./apps/kept.ts", import.meta.url), { sockets: "unix" });
  const path = join(folder, "bare");
  const bare = async (): Promise<Driven> => {
    const piece = Buffer.alloc(1 << 20, 7);
    const startedAt = performance.now();
    await pipeline(Readable.from(Array.from({ length: MEBIBYTES }, () => piece)), createWriteStream(path));
    const file = await open(path);
    await file.sync();
    await file.close();
    let bytes = 0;
    for await (const chunk of createReadStream(path)) bytes += (chunk as Buffer).length;
    return { calls: bytes / (1 << 20), ms: performance.now() - startedAt, refused: 0 };
  };
  const rounds = await b.compare(
    {
      ours: { run: () => app.call<Driven>("driver", "store", MEBIBYTES), pids: app.pids() },
      bare: { run: bare, pids: [process.pid] },
    },
    { rounds: 5, warmMs: 1, budgetMs: 25_000 },
  );
  b.row({ what: "MiB a second, against fs streams", atLeast: 0.4, aim: 0.7, measured: rounds.speed("ours", "bare") });
});
