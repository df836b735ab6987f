// What outlives a replica: orders send a message, three mailers work on them, and each user's mails are counted.
import { run, service } from "@hadron/core";
import { consume } from "@hadron/patterns";
import { keyValue, queue } from "@hadron/resources";

const emails = queue<{ to: string; order: number }>("emails", { key: (mail) => mail.to });
const mailbox = keyValue<number[]>("mailbox");

export const shop = service(
  "shop",
  {
    order: ({ user, order }: { user: string; order: number }) =>
      emails.send({ to: user, order }, { id: `${user}/${order}` }),
    mails: async (user: string) => (await mailbox.get(user)) ?? [],
    /** Waits for a mail, as long as the call may last. */
    delivered: async ({ user, order }: { user: string; order: number }) => {
      for await (const { key, entry } of mailbox.watch({ prefix: user })) {
        if (key === user && entry?.value.includes(order)) return entry.value;
      }
      return [];
    },
  },
  { uses: [emails, mailbox], expose: true },
);

export const mailer = service(
  "mailer",
  consume(emails, async ({ to, order }) => {
    await mailbox.update(to, (orders = []) => (orders.includes(order) ? orders : [...orders, order]));
  }),
  { replicas: 3, uses: [mailbox] },
);

await run(shop, mailer);
