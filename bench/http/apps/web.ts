/** The app of the benches of routes: each service has a port of its own. */
import { run, service } from "@hadron/core";
import { http, route, socket } from "@hadron/http";
import { z } from "zod";
import { MANY } from "../inputs.ts";

const Order = z.object({
  id: z.string(),
  customer: z.string(),
  paid: z.boolean(),
  lines: z.array(z.object({ sku: z.string(), count: z.number().int(), price: z.number(), note: z.string() })),
});

export const orders = service("orders", { get: (id: string) => ({ id, item: "tea" }) });

export const web = service(
  "web",
  http({
    "GET /hello/:name": ({ params }) => ({ hello: params.name }),
    "POST /orders": route({ input: Order }, ({ body }) => ({ id: body.id, articles: body.lines.length })),
    "GET /passed-on/:id": ({ params }) => orders.get(params.id),
    "GET /echo": socket(async ({ messages, send }) => {
      for await (const message of messages) await send(message);
    }),
  }),
  { expose: true, uses: [orders] },
);

/** Tells which of them it is. */
const part = (at: number) => ({
  [`GET /part/${at}/item/:id` as const]: ({ params }: { readonly params: { readonly id: string } }) => ({
    part: at,
    id: params.id,
  }),
});
const parts = (count: number) => http(Object.assign({}, ...Array.from({ length: count }, (_, at) => part(at))));
export const few = service("few", parts(MANY.few), { expose: true });
export const many = service("many", parts(MANY.many), { expose: true });

await run(web, orders, few, many);
