/** A bare HTTP server that writes one durable row for each request, and answers then. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { serveSide } from "../harness-process.ts";

const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const database = new DatabaseSync(join(folder, "bare.db"));
database.exec("pragma journal_mode = wal; pragma synchronous = full; create table row (body blob) strict");
const insert = database.prepare("insert into row values (?)");
let keptAt = 0;

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  insert.run(Buffer.concat(chunks));
  keptAt = performance.timeOrigin + performance.now();
  response.end("{}");
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

serveSide({
  url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  /** When the last row was on disk, on the system's clock, in milliseconds. */
  keptAt: () => keptAt,
});
