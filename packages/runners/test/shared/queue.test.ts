import { expect, test } from "vitest";
import { Queue } from "../../src/shared/queue.ts";

test("a queue gives what was pushed before it ended or failed", async () => {
  const ended = new Queue<number>();
  ended.push(1);
  ended.push(2);
  ended.end();
  expect(await Array.fromAsync(ended)).toEqual([1, 2]);

  const failed = new Queue<number>();
  failed.push(1);
  failed.fail(new Error("first"));
  failed.fail(new Error("second"));
  const seen: number[] = [];
  await expect(
    (async () => {
      for await (const item of failed) seen.push(item);
    })(),
  ).rejects.toThrow("first");
  expect(seen).toEqual([1]);
});

test("a reader that waits gets what comes later", async () => {
  const queue = new Queue<string>();
  const reader = queue[Symbol.asyncIterator]();
  const next = reader.next();
  queue.push("late");
  expect(await next).toEqual({ done: false, value: "late" });
});
