import { start } from "@hadron/core/testing";
import type { Batch, Operation } from "@hadron/resources/store";
import { expect, test } from "vitest";
import { collector } from "./collector.ts";

const MESSAGES = 20;

test("messages come in the order in which they were sent, and once, whichever replica was asked, its owner or another", async () => {
  await using app = await start(collector, { time: "virtual", seed: 1 });
  const kept: Operation[] = [];
  app.replica("hadron.store").intercept({
    call: ({ procedure, input }) => {
      if (procedure === "commit") kept.push(...(input as Batch).operations);
      return undefined;
    },
  });
  const one = await collector.start(MESSAGES, { id: "1" });
  for (let n = 0; n < MESSAGES; n++) {
    const sent = await Promise.all([1, 2].map(() => one.send("words", n, { key: `k${n}` })));
    expect(sent.map(({ duplicate }) => duplicate).sort()).toEqual([false, true]);
  }
  await app.advance("10s");
  expect(await one.result()).toEqual(Array.from({ length: MESSAGES }, (_, n) => n));
  // Both ways were gone.
  expect(kept.some((operation) => operation.kind === "append-run" && operation.direct !== undefined)).toBe(true);
  expect(kept.some(({ kind }) => kind === "send-run")).toBe(true);
});
