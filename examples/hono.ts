/** An app of Hono, as it is, behind a service of two replicas: `npx tsx examples/hono.ts`, then open what it prints. */
import { run, service } from "@hadron/core";
import { http } from "@hadron/http";
import { spread } from "@hadron/patterns";
import { Hono } from "hono";

const app = new Hono()
  .get("/hello/:name", (c) => c.json({ hello: c.req.param("name") }))
  .post("/length", async (c) => c.json({ length: (await c.req.text()).length }));

export const web = service("web", spread(2, http({ "/*": app.fetch })), { expose: true });

await run(web);
