import { run, service } from "@hadron/core";
import { continueAs, durable, hook, sleep, uuid } from "../../src/index.ts";

interface Seen {
  readonly left: number;
  readonly got: readonly string[];
  readonly ids: readonly string[];
  readonly tokens: readonly string[];
}

export const named = service(
  "named",
  durable(async (name: string) => `child ${name}`),
);

/** Takes one message in each of its lives, and begins anew. */
export const endless = service(
  "endless",
  durable(async ({ left, got, ids, tokens }: Seen) => {
    const box = hook<string>("box");
    const id = uuid();
    const name = await named(String(left));
    const message = await box.next();
    const seen = { got: [...got, `${message} ${name}`], ids: [...ids, id], tokens: [...tokens, box.token] };
    if (left === 0) return seen;
    try {
      continueAs({ ...seen, left: left - 1 });
    } finally {
      await sleep("1s");
    }
  }),
  { replicas: 2 },
);

/** The same, and what it gives is the same whatever chance is. */
export const repeated = service(
  "repeated",
  durable(async ({ left, got }: Pick<Seen, "left" | "got">) => {
    const all = [...got, `${await hook<string>("box").next()} ${left}`];
    if (left > 0) continueAs({ left: left - 1, got: all });
    return all;
  }),
  { replicas: 2 },
);

/** In its first life a message comes that lost a race. */
export const racing = service(
  "racing",
  durable(async (isAgain: boolean) => {
    const box = hook<string>("box");
    if (isAgain) return [await box.next(), await box.next()];
    await Promise.race([box.next(), sleep("1s")]);
    await sleep("1m");
    return continueAs(true);
  }),
);

/** Leaves a child alone, and begins anew. */
export const leaving = service(
  "leaving",
  durable(async (isAgain: boolean) => {
    if (!isAgain) {
      void named.start("x", { id: "left" });
      void slow("called");
      await sleep("1s");
      continueAs(true);
    }
    await hook("never").next();
  }),
);

export const slow = service(
  "slow",
  durable(async (name: string) => {
    await sleep("1d");
    return name;
  }),
);

await run(named, endless, repeated, racing, leaving, slow);
