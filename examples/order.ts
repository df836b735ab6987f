// An order that waits for a person for three days, survives any crash, and has its pages read by processes elsewhere.
//
//   npx tsx examples/order.ts up
//   python3 examples/external/worker.py ADDRESS                              # or: sh examples/external/worker.sh ADDRESS
//   npx tsx client.ts order start '{"input":{"id":7,"boss":"ann","pages":["a","b"]},"id":"order/7"}'
//   npx tsx client.ts order send '{"id":"order/7","hook":"approved","value":{"by":"ann"}}'
//   npx tsx client.ts order result '{"id":"order/7"}'
import { run, service } from "@hadron/core";
import { durable, external, hook, sleep, step } from "@hadron/durable";

interface Order {
  readonly id: number;
  readonly boss: string;
  readonly pages: readonly string[];
}

interface Approval {
  readonly by: string;
}

/** Reads one page: implemented by any process that can speak HTTP. */
const ocr = external<{ page: string }, { text: string }>("ocr");

/** A callee that may be asked twice, and knows it by the call's id. */
export const mail = service("mail", ({ to }: { to: string; link: string }, { id }) => `${id} to ${to}`);

export const order = service(
  "order",
  durable(async (order: Order) => {
    // The key is the same in all attempts: a payment provider takes it as its idempotency key.
    const paid = await step("charge", ({ key }) => `paid ${order.id} by ${key}`, { attempts: 5, timeoutMs: 10_000 });
    const approval = hook<Approval>("approved");
    await mail({ to: order.boss, link: approval.url });
    const said = await Promise.race([approval.next(), sleep("3d")]);
    const pages = await Promise.all(order.pages.map((page) => ocr({ page })));
    return { paid, said: said?.by ?? "nobody", pages: pages.map(({ text }) => text) };
  }),
  { replicas: 3, expose: true },
);

await run(order, mail);
