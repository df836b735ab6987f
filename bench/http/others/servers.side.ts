/** The same routes as others serve them: Fastify, Hono on Node, and bare streams of Node's. Each listens on a port of its own. */
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { serve } from "@hono/node-server";
import fastify from "fastify";
import { Hono } from "hono";
import { Agent, request } from "undici";
import { serveSide } from "../../harness-process.ts";
import { FILE_BYTES } from "../inputs.ts";

const text = { type: "string" } as const;
const number = { type: "number" } as const;
const Order = {
  type: "object",
  required: ["id", "customer", "paid", "lines"],
  properties: {
    id: text,
    customer: text,
    paid: { type: "boolean" },
    lines: {
      type: "array",
      items: {
        type: "object",
        required: ["sku", "count", "price", "note"],
        properties: { sku: text, count: { type: "integer" }, price: number, note: text },
      },
    },
  },
} as const;

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

serveSide({
  async fastify() {
    const app = fastify();
    app.get<{ Params: { name: string } }>("/hello/:name", ({ params }) => ({ hello: params.name }));
    app.post<{ Body: { id: string; lines: unknown[] } }>("/orders", { schema: { body: Order } }, ({ body }) => ({
      id: body.id,
      articles: body.lines.length,
    }));
    app.get<{ Params: { id: string } }>("/orders/:id", async ({ params }) => ({ id: params.id, item: "tea" }));
    await app.listen({ port: 0, host: "127.0.0.1" });
    return portOf(app.server);
  },
  /** Asks another of these for what it is asked. */
  async front(port: number) {
    const app = fastify();
    const dispatcher = new Agent({ connections: 16 });
    app.get<{ Params: { id: string } }>("/passed-on/:id", async ({ params }) => {
      const { body } = await request(`http://127.0.0.1:${port}/orders/${params.id}`, { dispatcher });
      return body.json();
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return portOf(app.server);
  },
  async hono() {
    const app = new Hono();
    app.get("/hello/:name", (context) => context.json({ hello: context.req.param("name") }));
    return new Promise<number>((resolve) => {
      serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve(port));
    });
  },
  /** What node:http itself can: the same answer, without a framework. */
  async bare() {
    const server = createServer((request, response) => {
      const body = JSON.stringify({ hello: (request.url ?? "").slice("/hello/".length) });
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return portOf(server);
  },
  async file(path: string) {
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": FILE_BYTES });
      createReadStream(path).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return portOf(server);
  },
});
