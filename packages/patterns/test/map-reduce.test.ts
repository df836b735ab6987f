import { setTimeout as after } from "node:timers/promises";
import { HadronError, procedure, service } from "@hadron/core";
import { compose } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { mapReduce } from "@hadron/patterns";
import { expect, expectTypeOf, test } from "vitest";

const lines = (text: string) => text.split("\n");
const count = (line: string) => line.split(" ").length;
const add = ([a, b]: [number, number]) => a + b;

test("parts are worked on by all workers, and their results made one", async () => {
  const seen = new Set<string>();
  const map = async (line: string, { replica }: { replica: { name: string } }) => {
    seen.add(replica.name);
    await after(1);
    return count(line);
  };
  const words = service("words", mapReduce({ split: lines, map, reduce: add, workers: 3 }));
  await using _ = await start(words);
  expectTypeOf(words).returns.toEqualTypeOf<Promise<number>>();
  expect(await words(Array.from({ length: 60 }, () => "one two three").join("\n"))).toBe(180);
  expect([...seen].sort()).toEqual(["words.map.0", "words.map.1", "words.map.2"]);
});

test("an input without parts has the initial result, or none", async () => {
  const split = () => [];
  const none = service("none", mapReduce({ split, map: count, reduce: add, workers: 1 }));
  const zero = service("zero", mapReduce({ split, map: count, reduce: add, workers: 1, initial: 0 }));
  await using _ = await start(none, zero);
  expect(await zero("")).toBe(0);
  await expect(none("")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
});

test("no more parts are made than are worked on", async () => {
  let made = 0;
  let done = 0;
  let most = 0;
  async function* split() {
    for (let part = 0; part < 50; part++) {
      made++;
      most = Math.max(most, made - done);
      yield part;
    }
  }
  const map = async (part: number) => {
    await after(1);
    done++;
    return part;
  };
  const sum = service("sum", mapReduce({ split, map, reduce: add, workers: 2 }));
  await using _ = await start(sum);
  expect(await sum(undefined)).toBe((49 * 50) / 2);
  expect(most).toBeLessThanOrEqual(5);
});

test("a part that fails fails the call and names itself; the others are given up", async () => {
  const aborted: number[] = [];
  const map = async (part: number, { signal }: { signal: AbortSignal }) => {
    if (part === 2) throw new HadronError("NOT_FOUND", "there is no such page");
    await after(20_000, undefined, { signal }).catch(() => aborted.push(part));
    return part;
  };
  const pages = service("pages", mapReduce({ split: () => [0, 1, 2, 3], map, reduce: add, workers: 2 }));
  await using _ = await start(pages);
  await expect(pages(undefined)).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringMatching(/^Part 2 failed: there is no such page/),
    // Of one replica of the two.
    path: expect.arrayContaining([expect.stringMatching(/^pages\.map\.[01]$/)]),
  });
  await expect.poll(() => aborted.sort()).toEqual([0, 1, 3]);
});

test("a part that may pass is tried again where map is idempotent, and only there", async () => {
  const tries = new Map<number, number>();
  const flaky = (part: number) => {
    const tried = (tries.get(part) ?? 0) + 1;
    tries.set(part, tried);
    if (part === 1 && tried < 3) throw new HadronError("ABORTED", "not now");
    return part;
  };
  const split = () => [0, 1, 2];
  const map = procedure({ idempotent: true }, flaky);
  const again = service("again", mapReduce({ split, map, reduce: add, workers: 1 }));
  const once = service("once", mapReduce({ split, map: flaky, reduce: add, workers: 1 }));
  await using _ = await start(again, once);
  expect(await again(undefined)).toBe(3);
  tries.clear();
  await expect(once(undefined)).rejects.toMatchObject({ code: "ABORTED" });
  expect(tries.get(1)).toBe(1);
});

test("what cannot be is refused", () => {
  const several = { a: count, b: count } as never;
  expect(() =>
    compose("test", [service("a", mapReduce({ split: lines, map: several, reduce: add, workers: 1 }))]),
  ).toThrow(/"a\.map" should have one procedure, and has a, b\.$/);
  expect(() => mapReduce({ split: "x" as never, map: count, reduce: add, workers: 1 })).toThrow(/split is string/);
  expect(() => mapReduce({ split: lines, map: count, reduce: add, workers: 0 })).toThrow(
    /mapReduce's map: the count is 0/,
  );
  expect(() => mapReduce({ split: lines, map: count, reduce: add, workers: 1, retries: -1 })).toThrow(/retries is -1/);
});
