import { run, service } from "@hadron/core";
import { keyValue, queue, topic } from "@hadron/resources";

const carts = keyValue("carts", { protect: true });
const emails = queue("emails", { retries: 5 });
const old = queue("old");
const placed = topic("placed");

export const shop = service(
  "shop",
  {
    fill: async (count: number) => {
      for (let n = 0; n < count; n++) await Promise.all([carts.set(`ä/${n}`, { n }), emails.send({ n }), old.send(n)]);
      return count;
    },
    read: (key: string) => carts.get(key),
  },
  { uses: [carts, emails, old, placed], expose: true },
);

await run(shop);
