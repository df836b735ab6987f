import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bench } from "../harness.ts";
import { FILE, FILE_BYTES, PASSED_ON } from "./inputs.ts";
import { loadOf, other, portOf } from "./load.ts";

const ROUNDS = { rounds: 11, roundMs: 300, warmMs: 1000, budgetMs: 14_000 };

await bench("Routes that ask another replica, and files", async (b) => {
  const app = await b.app(new URL("./apps/web.ts", import.meta.url), { sockets: "unix" });
  const port = portOf(app.url("web"));
  const back = await other(b, "fastify");
  const front = await other(b, "front", back.port);
  const passed = await b.compare(
    {
      ours: await loadOf(b, port, PASSED_ON, [...app.pids("web"), ...app.pids("orders")]),
      fastify: await loadOf(b, front.port, PASSED_ON, [front.side.pid, back.side.pid]),
    },
    ROUNDS,
  );
  b.row({
    what: "a route that calls a service in another replica, requests a second, against Fastify with undici to another Fastify",
    atLeast: 1.3,
    aim: 2,
    measured: passed.speed("ours", "fastify"),
  });

  const folder = fileURLToPath(new URL("./apps/public/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  b.defer(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(`${folder}large.bin`, Buffer.alloc(FILE_BYTES, "x"));
  const serving = await b.app(new URL("./apps/files.ts", import.meta.url), { sockets: "unix" });
  const bare = await other(b, "file", `${folder}large.bin`);
  const files = await b.compare(
    {
      ours: await loadOf(b, portOf(serving.url("served")), FILE, serving.pids(), 4),
      bare: await loadOf(b, bare.port, FILE, [bare.side.pid], 4),
    },
    { ...ROUNDS, warmCalls: 200 },
  );
  b.row({
    what: "a file of 1 MiB, 4 connections, against a stream of node:fs into node:http's answer",
    atLeast: 0.8,
    aim: 0.95,
    measured: files.speed("ours", "bare"),
  });
});
