/** A run that waits for webhooks, and says when the step after each has begun. */
import { run, service } from "@hadron/core";
import { durable, hook, step } from "@hadron/durable";

let begun = Promise.withResolvers<number>();

export const waiter = service(
  "waiter",
  durable(async () => {
    const go = hook("go");
    await step("url", () => told.url(go.url));
    for (let n = 0; n < 10_000; n++) {
      await go.next();
      await step("begun", () => told.begun(performance.timeOrigin + performance.now()));
    }
  }),
  { expose: true },
);

let url = "";
export const told = service("told", {
  url: (path: string) => {
    url = path;
  },
  begun: (at: number) => begun.resolve(at),
  read: () => url,
  /** When the next step has begun, on the system's clock, in milliseconds. */
  async next() {
    const at = await begun.promise;
    begun = Promise.withResolvers<number>();
    return at;
  },
});

await run(waiter, told);
