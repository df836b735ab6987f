import { service } from "@hadron/core";
import { compose } from "@hadron/core/spi";
import { shard } from "@hadron/patterns";
import { expect, test } from "vitest";
import { countsOf, needsCounts, tellCounts } from "../../src/replica/counts.ts";

const count = (input: { key: string }) => input.key.length;
const plain = compose("shop", [service("greet", () => "", { replicas: 3 })]).topology;
const sharded = compose("shop", [
  service("greet", () => "", { replicas: 3 }),
  service("counters", shard(2, service("counter", { count }), { by: (input) => input.key })),
]).topology;

test("only shards are counted, each, by what is known of it or else declared", () => {
  expect(needsCounts(plain)).toBe(false);
  expect(countsOf(plain)).toEqual({});
  expect(needsCounts(sharded)).toBe(true);
  expect(countsOf(sharded)).toEqual({ counter: 2 });
  expect(countsOf(sharded, { counter: 5, greet: 9 })).toEqual({ counter: 5 });
});

test("every replica is told, and one that has not heard makes the answer false", async () => {
  const heard: string[] = [];
  const send = async (replica: string, { body }: { readonly body: string }) => {
    heard.push(`${replica} ${body}`);
    return replica !== "deaf";
  };
  expect(await tellCounts(["a", "b"], { counter: 3 }, send)).toBe(true);
  expect(await tellCounts(["deaf", "c"], { counter: 4 }, send)).toBe(false);
  expect(heard).toEqual(['a {"counter":3}', 'b {"counter":3}', 'deaf {"counter":4}', 'c {"counter":4}']);
});
