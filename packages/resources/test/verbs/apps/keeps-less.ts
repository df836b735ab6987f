import { run, service } from "@hadron/core";
import { keyValue, queue } from "@hadron/resources";

const baskets = keyValue("baskets", { was: "carts" });
const emails = queue("emails", { retries: 8 });

export const shop = service(
  "shop",
  { read: (key: string) => baskets.get(key) },
  { uses: [baskets, emails], expose: true },
);

await run(shop);
