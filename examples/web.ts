import { run, service } from "@hadron/core";
import { event, files, http, problem, route } from "@hadron/http";
import { z } from "zod";

const Order = z.object({ item: z.string().min(1), count: z.number().int().positive() });
type Order = z.infer<typeof Order>;

/** The orders are a service of their own: every replica of `web` sees the same ones. */
const kept = new Map<string, Order>();
export const orders = service("orders", {
  get: (id: string) => kept.get(id) ?? null,
  save(order: Order) {
    const id = String(kept.size + 1);
    kept.set(id, order);
    return { id, ...order };
  },
});

export const web = service(
  "web",
  http({
    "GET /hello/:name": ({ params }) => ({ hello: params.name }),
    "GET /orders/:id": async ({ params }) => (await orders.get(params.id)) ?? problem(404, "There is no such order"),
    "POST /orders": route({ input: Order, status: 201 }, ({ body }) => orders.save(body)),
    "GET /orders/:id/events": async function* ({ params, signal }) {
      for (let at = 1; at <= 3 && !signal.aborted; at++) yield event({ order: params.id, at }, { id: String(at) });
    },
    "/assets/*": files("./web"),
  }),
  { expose: true, uses: [orders] },
);

await run(web, orders);
