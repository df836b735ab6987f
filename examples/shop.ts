// A shop that keeps what it should, in one file: carts by user, sales in a database, a mail for each sale, a report of each night in
// a bucket, one leader that watches, and the commit that it was deployed from.
//
//   npx tsx examples/shop.ts up
//   npx tsx client.ts shop add '{"user":"ann","item":"tea"}'
//   npx tsx client.ts shop buy '"ann"'
//   npx tsx client.ts nightly                        # makes the report now
//   npx tsx examples/shop.ts kv carts list
import { execFileSync } from "node:child_process";
import { run, service } from "@hadron/core";
import { consume } from "@hadron/patterns";
import { bucket, capture, database, elected, every, keyValue, queue } from "@hadron/resources";

interface Sale {
  readonly id: string;
  readonly who: string;
  readonly items: readonly string[];
}

const sales = database("sales", { migrations: "./shop" });
const carts = keyValue<readonly string[]>("carts", { ttlMs: 7 * 86_400_000 });
const mailbox = keyValue<readonly string[]>("mailbox");
const watched = keyValue<{ readonly leader: number }>("watched");
const emails = queue<{ to: string; sale: string }>("emails", { key: (mail) => mail.to });
const reports = bucket("reports", { maxBytes: 10e6 });

/** Computed where it is deployed, and the same in every replica of that revision. */
const commit = capture("commit", () => {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
});

export const shop = service(
  "shop",
  {
    add: ({ user, item }: { user: string; item: string }) => carts.update(user, (items = []) => [...items, item]),
    async buy(user: string) {
      const cart = await carts.get(user);
      if (cart === undefined) return { items: [] };
      const [sale] = await sales.insert<Sale>("sale", { who: user, items: [...cart] });
      // The sale's id is the mail's, too: a second try sends no second one.
      await emails.send({ to: user, sale: sale!.id }, { id: sale!.id });
      await carts.delete(user);
      return { sale: sale!.id, items: sale!.items };
    },
    /** Waits for a mail about a sale, as long as the call may last. */
    async mailed({ user, sale }: { user: string; sale: string }) {
      for await (const { entry } of mailbox.watch({ prefix: user })) if (entry?.value.includes(sale)) return true;
      return false;
    },
    /** The last report. */
    async report() {
      const report = await reports.get("latest.csv");
      return report === undefined ? "" : await new Response(report.body).text();
    },
    about: async () => ({ commit: commit(), leader: (await watched.get("by"))?.leader }),
  },
  { uses: [sales, carts, emails, mailbox, reports, watched, commit], expose: true },
);

export const mailer = service(
  "mailer",
  consume(emails, ({ to, sale }) =>
    mailbox.update(to, (sales = []) => (sales.includes(sale) ? sales : [...sales, sale])),
  ),
  { replicas: 3, uses: [mailbox] },
);

export const nightly = service(
  "nightly",
  every(
    "0 3 * * *",
    async () => {
      const rows = await sales.sql<{ who: string; items: number }>`
        select who, sum(cardinality(items))::int as items from sale group by who order by who`;
      await reports.put("latest.csv", rows.map(({ who, items }) => `${who},${items}\n`).join(""), {
        contentType: "text/csv",
      });
      return rows.length;
    },
    { timezone: "Europe/Berlin" },
  ),
  { uses: [sales, reports] },
);

/** One of two at a time; the other takes its place within seconds. */
export const watcher = service(
  "watcher",
  elected(async ({ token, signal }) => {
    await watched.set("by", { leader: token });
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }),
  { replicas: 2, uses: [watched] },
);

await run(shop, mailer, nightly, watcher);
