import { run, service } from "@hadron/core";
import { consume, subscribe } from "@hadron/patterns";
import { database, queue, topic } from "@hadron/resources";

/* Orders are booked, and told of: each step is a transaction with the message of the next one. Twice would be seen: no table minds. */

export const orders = database("orders", {
  migrations: { "0001_tables": "create table ordered (n int); create table booked (n int); create table told (n int)" },
});
export const jobs = queue<number>("jobs", { retries: 1000, key: (n) => String(n % 5) });
export const news = topic<number>("news", { retries: 1000 });

const all = async (table: string): Promise<readonly number[]> =>
  (await orders.sql<{ n: number }>`select n from ${orders.sql.id(table)} order by n`).map(({ n }) => n);

const order = (n: number) =>
  orders.transaction(async (tx) => {
    await tx.insert("ordered", { n });
    await jobs.send(n, { tx });
    if (n % 7 === 0) throw new Error("on second thoughts");
  });

export const shop = service(
  "shop",
  {
    order,
    orderMany: async ({ from, count }: { from: number; count: number }) => {
      for (let n = from; n < from + count; n++) await order(n).catch(() => {});
    },
    all: async () => {
      const [ordered, booked, told] = await Promise.all([all("ordered"), all("booked"), all("told")]);
      const { count: outbox } = await orders.sql`select from hadron.outbox`;
      const { count: inbox } = await orders.sql`select from hadron.inbox`;
      return { ordered, booked, told, outbox, inbox, jobs: await jobs.pending(), news: await news.pending() };
    },
  },
  { uses: [orders, jobs, news] },
);

const TX = { tx: orders, leaseMs: 3000 };

export const booker = service(
  "booker",
  consume(
    jobs,
    async (n, { tx, attempt }) => {
      await tx.insert("booked", { n });
      await news.send(n, { tx });
      if (n % 11 === 0 && attempt === 1) throw new Error("again");
    },
    TX,
  ),
  { replicas: 2, uses: [news] },
);

export const teller = service(
  "teller",
  subscribe(news, (n, { tx }) => tx.insert("told", { n }), TX),
);

await run(shop, booker, teller);
