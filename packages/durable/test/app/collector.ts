import { run, service } from "@hadron/core";
import { durable, hook } from "../../src/index.ts";

/** Gives the messages of its hook, as many as it is told to wait for. */
export const collector = service(
  "collector",
  durable(async (count: number) => {
    const words = hook<number>("words");
    const all: number[] = [];
    while (all.length < count) all.push(await words.next());
    return all;
  }),
  { replicas: 2 },
);

await run(collector);
