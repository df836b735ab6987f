import { service } from "@hadron/core";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { http, type Params, problem, route } from "../src/index.ts";

test("parameters are known from the key", () => {
  expectTypeOf<Params<"GET /orders/:id/lines/:line">>().toEqualTypeOf<{ readonly id: string; readonly line: string }>();
  expectTypeOf<Params<"/admin/*">>().toEqualTypeOf<{ readonly "*": string }>();
  http({
    "GET /orders/:id": ({ params }) => {
      expectTypeOf(params).toEqualTypeOf<{ readonly id: string }>();
      // @ts-expect-error: the route has no such parameter
      return params.name;
    },
    "GET /plain": ({ body, query }) => {
      expectTypeOf(body).toBeUnknown();
      expectTypeOf(query.page).toEqualTypeOf<string | undefined>();
    },
  });
});

test("route types the body, the query and what is returned, and keeps the parameters", () => {
  const Order = z.object({ item: z.string(), count: z.coerce.number() });
  http({
    "POST /orders/:id": route(
      { input: Order, query: z.object({ page: z.coerce.number() }) },
      ({ body, query, params }) => {
        expectTypeOf(body).toEqualTypeOf<{ item: string; count: number }>();
        expectTypeOf(query).toEqualTypeOf<{ page: number }>();
        expectTypeOf(params).toEqualTypeOf<{ readonly id: string }>();
      },
    ),
    "PUT /orders/:id": route({ output: z.object({ id: z.string() }) }, async ({ params }) =>
      params.id === "" ? problem(404) : { id: params.id },
    ),
    // @ts-expect-error: the output is another
    "PATCH /orders/:id": route({ output: z.object({ id: z.string() }) }, ({ params }) => ({ name: params.id })),
    "POST /raw": route({ body: "bytes" }, ({ body }) => {
      expectTypeOf(body).toEqualTypeOf<Uint8Array>();
    }),
  });
});

test("a service of routes has fetch, and a key without a method takes whole requests", () => {
  const web = service("web", http({ "/all/*": (request) => new Response(request.url) }));
  expectTypeOf(web.fetch).parameter(0).toEqualTypeOf<string | URL | Request>();
  expectTypeOf(web.fetch).returns.resolves.toEqualTypeOf<Response>();
  // @ts-expect-error: what takes whole requests answers with a Response
  http({ "/all/*": () => ({ answer: 42 }) });
});
