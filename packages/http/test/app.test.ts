import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { spread } from "@hadron/patterns";
import { createApp, createRouter, defineEventHandler, getRouterParam, readBody, toWebHandler } from "h3";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { expect, test } from "vitest";
import { http, problem } from "../src/index.ts";
import { serve } from "./serve.ts";

const orders = service("orders", { get: (id: string) => (id === "7" ? { id } : null) });
const web = service(
  "web",
  spread(
    3,
    http({
      "GET /orders/:id": async ({ params }) => (await orders.get(params.id)) ?? problem(404, "There is no such order"),
      "POST /echo": ({ body }) => body,
      "POST /large": async ({ request }) => ({ bytes: (await request.arrayBuffer()).byteLength }),
      "GET /where": ({ context }) => context.replica.name,
      "GET /events": async function* () {
        yield 1;
        yield 2;
      },
    }),
  ),
  { uses: [orders] },
);

test("routes are asked from code without a port, and patterns take them", async () => {
  await using _app = await start(web, orders);
  const found = await web.fetch("/orders/7");
  expect([found.status, found.headers.get("content-type"), await found.json()]).toEqual([
    200,
    "application/json",
    { id: "7" },
  ]);
  expect((await web.fetch("/orders/8")).status).toBe(404);
  expect((await web.fetch("/orders/%2e%2e/8")).status).toBe(400);
  const echo = await web.fetch("/echo", {
    method: "POST",
    body: '{"a":1}',
    headers: { "content-type": "application/json" },
  });
  expect(await echo.json()).toEqual({ a: 1 });
  const large = await web.fetch(new URL("http://shop/large"), { method: "POST", body: new Uint8Array(3_000_000) });
  expect(await large.json()).toEqual({ bytes: 3_000_000 });
  expect(await (await web.fetch("/events")).text()).toBe("data: 1\n\ndata: 2\n\n");
  const where = new Set<unknown>();
  for (let at = 0; at < 40; at++) where.add(await (await web.fetch("/where")).json());
  expect([...where].sort()).toEqual(["web.leaf.0", "web.leaf.1", "web.leaf.2"]);
});

test("a replica that is gone is an answer, too", async () => {
  await using app = await start(web, orders);
  for (const replica of app.replicas("web")) replica.kill();
  expect((await web.fetch("/orders/7")).status).toBe(503);
});

test("what calls the procedure by name gives a path, or a request as data", async () => {
  await using app = await start(web, orders);
  expect(await app.call("web", "fetch", "/orders/7")).toEqual({
    status: 200,
    headers: ["content-type", "application/json"],
    body: '{"id":"7"}',
  });
  await expect(app.call("web", "fetch", { url: 7 })).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

const hono = new Hono()
  .basePath("/hono")
  .get("/users/:id", (c) => c.json({ user: c.req.param("id"), q: c.req.query("q") }))
  .post("/echo", async (c) => c.text(await c.req.text()))
  .get("/events", (c) =>
    streamSSE(c, async (stream) => {
      await stream.writeSSE({ data: "one" });
      await stream.writeSSE({ data: "two" });
    }),
  )
  .get("/throw", () => {
    throw new Error("inside");
  });

test("an app of Hono is mounted as it is", async () => {
  await using served = await serve({ "/hono/*": hono.fetch, "GET /hono/own": () => "own" });
  expect(await (await served.fetch("/hono/users/7?q=a%20b")).json()).toEqual({ user: "7", q: "a b" });
  expect(await (await served.fetch("/hono/echo", { method: "POST", body: "hello" })).text()).toBe("hello");
  expect(await (await served.fetch("/hono/events")).text()).toBe("data: one\n\ndata: two\n\n");
  expect((await served.fetch("/hono/nothing")).status).toBe(404);
  expect((await served.fetch("/hono/throw")).status).toBe(500);
  expect(await (await served.fetch("/hono/own")).json()).toBe("own");
});

test("an app of h3 is mounted as it is", async () => {
  const router = createRouter()
    .get(
      "/h3/users/:id",
      defineEventHandler((event) => ({ user: getRouterParam(event, "id") })),
    )
    .post(
      "/h3/echo",
      defineEventHandler((event) => readBody(event)),
    );
  await using served = await serve({ "/h3/*": toWebHandler(createApp().use(router)) });
  expect(await (await served.fetch("/h3/users/7")).json()).toEqual({ user: "7" });
  const body = JSON.stringify({ a: 1 });
  const echo = await served.fetch("/h3/echo", {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
  expect(await echo.json()).toEqual({ a: 1 });
});
