import { service } from "@hadron/core";
import { secret } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { z } from "zod";
import { auth, below, files, http, raw, route } from "../src/index.ts";
import { serve, serveService } from "./serve.ts";

const Order = z.object({ what: z.string(), count: z.number().int() });
const routes = {
  "GET /orders/:id": route({ output: Order, description: "One order." }, () => ({ what: "tea", count: 1 })),
  "POST /orders": route(
    { input: Order, status: 201, query: z.object({ dry: z.string().optional() }) },
    ({ body }) => body,
  ),
  "PUT /orders/:id/photo": raw(({ body }) => body.length),
  "GET /all/*": () => "all",
  "/assets/*": files("./public"),
};

test("routes describe themselves as OpenAPI 3.1 where that is asked for, with their schemas", async () => {
  await using web = await serve(routes, { openapi: { title: "Shop", version: "7" } });
  const document = await (await web.fetch("/openapi.json")).json();
  const problem = { content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } };
  const order = {
    type: "object",
    required: ["what", "count"],
    properties: { what: { type: "string" }, count: { type: "integer" } },
  };
  expect(document).toMatchObject({
    openapi: "3.1.0",
    info: { title: "Shop", version: "7" },
    paths: {
      "/orders/{id}": {
        get: {
          description: "One order.",
          parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
          responses: { 200: { content: { "application/json": { schema: order } } }, default: problem },
        },
      },
      "/orders": {
        post: {
          parameters: [{ name: "dry", in: "query", required: false, schema: { type: "string" } }],
          requestBody: { required: true, content: { "application/json": { schema: order } } },
          responses: { 201: {} },
        },
      },
      "/orders/{id}/photo": { put: { requestBody: { content: { "application/octet-stream": {} } } } },
      "/all/{rest}": { get: { parameters: [{ name: "rest" }] } },
    },
    components: {
      schemas: {
        Problem: {
          type: "object",
          required: ["title", "status"],
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
            code: { type: "string" },
          },
        },
      },
    },
  });
  expect(Object.keys((document as { paths: object }).paths)).toHaveLength(4);
  expect(JSON.stringify(document)).not.toContain("$schema");
});

test("nobody finds the document who did not ask for it, or whom the filters keep out", async () => {
  await using plain = await serve(routes);
  expect((await plain.fetch("/openapi.json")).status).toBe(404);
  process.env.FRONT_DOC = "doc-token";
  const before = [auth.bearer(secret("FRONT_DOC"))];
  await using guarded = await serveService(service("web", http(routes, { before, openapi: { path: "/api.json" } })));
  expect((await guarded.fetch("/api.json")).status).toBe(401);
  expect((await guarded.fetch("/api.json", { headers: { authorization: "Bearer doc-token" } })).status).toBe(200);
});

test("it says what guards ask for: of a whole app, below a prefix, of one route", async () => {
  const sessions = { get: async () => undefined, set: async () => {}, delete: async () => {} };
  const token = auth.bearer(secret("FRONT_DOC"));
  const jwt = auth.bearer({ jwks: "https://id.example.com/jwks", issuer: "i", audience: "a" });
  const part = http(
    {
      "GET /open": () => 1,
      "GET /admin/users/:id": () => 1,
      "GET /mine": route({ before: [auth.any(auth.session(sessions as never), jwt)] }, () => 1),
      "GET /admin/both": route({ before: [auth.apiKey({ keys: secret("FRONT_DOC") })] }, () => 1),
    },
    { before: [below("/admin", token)], openapi: true },
  );
  await using web = await serveService(service("web", part));
  const { paths, components } = (await (await web.fetch("/openapi.json")).json()) as any;
  expect(paths["/open"].get.security).toBe(undefined);
  expect(paths["/admin/users/{id}"].get.security).toEqual([{ bearer: [] }]);
  expect(paths["/mine"].get.security).toEqual([{ "session.__Host-session": [] }, { jwt: [] }]);
  expect(paths["/admin/both"].get.security).toEqual([{ bearer: [], "apiKey.x-api-key": [] }]);
  expect(components.securitySchemes).toEqual({
    bearer: { type: "http", scheme: "bearer" },
    jwt: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
    "session.__Host-session": { type: "apiKey", in: "cookie", name: "__Host-session" },
    "apiKey.x-api-key": { type: "apiKey", in: "header", name: "x-api-key" },
  });
});
