import { bench, median } from "../harness.ts";
import { HELLO, MANY, ORDERED } from "./inputs.ts";
import { loadOf, other, portOf } from "./load.ts";

const ROUNDS = { rounds: 15, roundMs: 250, warmMs: 800, budgetMs: 14_000 };

await bench("Routes, 16 connections, against other frameworks on Node", async (b) => {
  const app = await b.app(new URL("./apps/web.ts", import.meta.url), { sockets: "tcp" });
  const ours = (service: string, asked: Parameters<typeof loadOf>[2]) =>
    loadOf(b, portOf(app.url(service)), asked, app.pids(service));
  const fastify = await other(b, "fastify");
  const hono = await other(b, "hono");
  const bare = await other(b, "bare");

  const hello = await b.compare(
    {
      ours: await ours("web", HELLO),
      fastify: await loadOf(b, fastify.port, HELLO, [fastify.side.pid]),
      hono: await loadOf(b, hono.port, HELLO, [hono.side.pid]),
      bare: await loadOf(b, bare.port, HELLO, [bare.side.pid]),
    },
    ROUNDS,
  );
  b.row({
    what: "GET /hello/:name, requests a second, against Fastify",
    atLeast: 0.8,
    aim: 1,
    measured: hello.speed("ours", "fastify"),
  });
  b.row({ what: "the same, against Hono", atLeast: 0.9, aim: 1.1, measured: hello.speed("ours", "hono") });
  const ceiling = (["fastify", "hono"] as const).map((name) => median(hello.speed("bare", name)).toFixed(2));
  b.note(`node:http alone, which writes the same answer: ${ceiling[0]} × Fastify, ${ceiling[1]} × Hono.`);

  const orders = await b.compare(
    { ours: await ours("web", ORDERED), fastify: await loadOf(b, fastify.port, ORDERED, [fastify.side.pid]) },
    ROUNDS,
  );
  b.row({
    what: "POST of 1 KiB, checked by a schema (Zod), against Fastify's own",
    atLeast: 0.6,
    aim: 0.8,
    measured: orders.speed("ours", "fastify"),
  });

  const parts = await b.compare({ many: await ours("many", MANY), few: await ours("few", MANY) }, ROUNDS);
  b.row({
    what: `with ${MANY.many} routes, against ${MANY.few}`,
    atLeast: 0.95,
    aim: 1,
    measured: parts.speed("many", "few"),
  });
});
