import { run, service } from "@hadron/core";
import { durable, hook } from "../../src/index.ts";

/** What was told of a run's hook. */
const urls: string[] = [];

export const post = service("post", {
  tell: (url: string) => {
    urls.push(url);
    return urls.length;
  },
  told: () => urls,
});

/** Tells where its hook takes webhooks, and gives the two messages that come. */
export const mailbox = service(
  "mailbox",
  durable(async () => {
    const answers = hook<unknown>("answer");
    await post.tell(answers.url);
    return [await answers.next(), await answers.next()];
  }),
  { expose: { url: "https://shop.example/" }, replicas: 2 },
);

await run(mailbox, post);
