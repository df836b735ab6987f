// A person approves by a link: asked once a day for three days, then the boss is, and after a week it is refused.
//
//   npx tsx examples/approval.ts up
//   npx tsx client.ts approval start '{"input":{"what":"a trip to Rome","who":"ann","boss":"bob"},"id":"trip/1"}'
//   npx tsx client.ts mail sent '"ann"'                                     # has the link
//   curl -X POST -H 'Content-Type: application/json' -d '{"by":"ann","yes":true}' LINK
//   npx tsx client.ts approval result '{"id":"trip/1"}'
import { run, service } from "@hadron/core";
import { durable, hook, sleep } from "@hadron/durable";
import { keyValue } from "@hadron/resources";

interface Request {
  readonly what: string;
  readonly who: string;
  readonly boss: string;
}

interface Answer {
  readonly by: string;
  readonly yes: boolean;
}

interface Mail {
  readonly to: string;
  readonly text: string;
  readonly link: string;
}

const mails = keyValue<Mail>("mails");

/** Stands for whoever sends mail: it knows a mail that it is asked for twice by the call's id. */
export const mail = service(
  "mail",
  {
    async send(mail: Mail, { id }) {
      await mails.set(`${mail.to} ${id}`, mail);
    },
    async sent(to: string) {
      const found: Mail[] = [];
      for await (const { value } of mails.list({ prefix: `${to} ` })) found.push(value);
      return found;
    },
  },
  { uses: [mails] },
);

export const approval = service(
  "approval",
  durable(async ({ what, who, boss }: Request) => {
    const answers = hook<Answer>("answer");
    const asked = [
      { to: who, text: `May we have ${what}?`, wait: "1d" },
      { to: who, text: `Reminder: may we have ${what}?`, wait: "1d" },
      { to: who, text: `Last reminder: may we have ${what}?`, wait: "1d" },
      { to: boss, text: `${who} does not answer: may they have ${what}?`, wait: "4d" },
    ] as const;
    for (const { to, text, wait } of asked) {
      await mail.send({ to, text, link: answers.url });
      const answer = await Promise.race([answers.next(), sleep(wait)]);
      if (answer !== undefined) return { approved: answer.yes, by: answer.by };
    }
    return { approved: false, by: "nobody" };
  }),
  { replicas: 2, expose: true },
);

await run(approval, mail);
