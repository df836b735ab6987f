import { run, service } from "@hadron/core";
import { durable, hook, sleep, step } from "../../src/index.ts";

/** What was done outside, by the keys under which it was. */
const mails: string[] = [];

export const mail = service("mail", {
  send: (to: string, { id }) => {
    mails.push(`${to} ${id}`);
    return mails.length;
  },
  sent: () => mails,
});

export const child = service(
  "child",
  durable(async (name: string) => {
    await sleep("1h");
    return `child ${name}`;
  }),
);

export const order = service(
  "order",
  durable(async ({ to }: { to: string }) => {
    const before = Date.now();
    await mail.send(to);
    const said = await Promise.race([hook<string>("approved").next(), sleep("3d")]);
    const children = await Promise.all([child("a"), child("b")]);
    const id = await step("uuid", () => crypto.randomUUID());
    return { said: said ?? "nobody", children, id, ms: Date.now() - before };
  }),
  { replicas: 2 },
);

await run(order, mail, child);
