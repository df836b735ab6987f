import { type Context, run, service } from "@hadron/core";

if (process.env.HADRON_SERVICE !== undefined) console.log("this service talks when it starts");

export const talker = service(
  "talker",
  {
    echo: (input: unknown) => input,
    say: (words: string, { log }: Context) => log.info(words, { loud: true }),
    fail: () => {
      throw new Error("out of paper");
    },
    hang: () => new Promise<never>(() => {}),
  },
  { expose: true },
);

await run(talker);
