/** Fastify, with schemas, called by undici's pool with pipelining: calls that may be repeated, as undici is told. */
import fastify from "fastify";
import { Pool } from "undici";
import { hello } from "../../local/handlers.ts";
import { serveOther } from "./side.ts";

serveOther({
  async listen() {
    const app = fastify();
    const schema = {
      body: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
      response: { 200: { type: "string" } },
    };
    app.post<{ Body: { name: string } }>("/hello", { schema }, async (request, reply) => {
      reply.type("application/json");
      return JSON.stringify(hello(request.body.name));
    });
    return app.listen({ port: 0, host: "127.0.0.1" });
  },
  connect(origin) {
    const pool = new Pool(origin, { connections: 8, pipelining: 16 });
    const headers = { "content-type": "application/json" };
    return async (name) => {
      const { body } = await pool.request({
        path: "/hello",
        method: "POST",
        headers,
        idempotent: true,
        body: JSON.stringify({ name }),
      });
      return body.json();
    };
  },
});
