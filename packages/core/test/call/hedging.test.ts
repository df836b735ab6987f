import { procedure, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { spread } from "@hadron/patterns";
import { expect, test } from "vitest";
import { Latencies } from "../../src/call/channel/latencies.ts";

const idempotent = true;

/** Replicas of which some hang until they are given up. */
function moody() {
  const hanging = new Set<string>();
  const seen: string[] = [];
  const given: string[] = [];
  const handler = procedure({ idempotent }, (_: unknown, { replica, signal }) => {
    seen.push(replica.name);
    if (!hanging.has(replica.name)) return replica.name;
    return new Promise<string>((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        given.push(replica.name);
        reject(signal.reason);
      });
    });
  });
  return { hanging, seen, given, handler };
}

test("a hedged call is answered by a second replica where the first is slow, and the first is given up", async () => {
  const { hanging, seen, given, handler } = moody();
  const one = service("one", spread(2, handler, { hedge: { afterMs: 20 } }));
  await using _app = await start(one);
  hanging.add("one.leaf.0");
  const asked = () => seen.filter((name) => name === "one.leaf.0").length;
  // Which of the two is asked first is chance: some calls in a row may all go to the quick one.
  while (asked() < 3) expect(await one(0)).toBe("one.leaf.1");
  await expect.poll(() => given.length).toBe(asked());
});

test("hedges are at most 7 % of the calls, and seven", async () => {
  let runs = 0;
  const slow = procedure({ idempotent }, async () => {
    runs++;
    await new Promise((resolve) => setTimeout(resolve, 10));
  });
  const one = service("one", spread(3, slow, { hedge: { afterMs: 1 } }));
  await using _app = await start(one);
  const calls = 300;
  for (let made = 0; made < calls; made += 50) await Promise.all(Array.from({ length: 50 }, () => one()));
  expect(runs).toBeGreaterThan(calls);
  expect(runs).toBeLessThanOrEqual(calls * 1.07 + 7);
});

test("a measured hedge waits until the 95th percentile is known", async () => {
  const { hanging, seen, handler } = moody();
  const one = service("one", spread(2, handler, { hedge: true }));
  // On a busy machine real calls are slow by chance, and hedged: that leaves less to be spent on those that hang.
  await using _app = await start(one, { time: "virtual", seed: 7 });
  hanging.add("one.leaf.0").add("one.leaf.1");
  await expect(one.with({ timeoutMs: 500 })(1)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(seen).toHaveLength(1);
  hanging.clear();
  for (let call = 0; call < 120; call++) await one(call);
  hanging.add("one.leaf.0");
  const from = seen.length;
  for (let call = 0; call < 5; call++) expect(await one(call)).toBe("one.leaf.1");
  expect(seen.length).toBeGreaterThanOrEqual(from + 5);
});

test("only idempotent procedures are hedged", async () => {
  const { hanging, seen, handler } = moody();
  const api = { read: handler, write: (input: unknown, context: any) => handler(input, context) };
  const one = service("one", spread(2, api, { hedge: { afterMs: 5 } }));
  await using app = await start(one);
  hanging.add("one.leaf.0").add("one.leaf.1");
  await expect(app.client(one).with({ timeoutMs: 500 }).write(1)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(seen).toHaveLength(1);
  await expect(app.client(one).with({ timeoutMs: 500 }).read(1)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(seen).toHaveLength(3);
  expect(new Set(seen.slice(1)).size).toBe(2);
});

test("what a handler throws is the answer of a hedged call, whichever replica says it", async () => {
  const one = service(
    "one",
    spread(
      2,
      procedure({ idempotent }, () => {
        throw new Error("no");
      }),
      { hedge: { afterMs: 0 } },
    ),
  );
  await using _app = await start(one);
  await expect(one()).rejects.toMatchObject({ code: "HANDLER_FAILED" });
});

test("hedge is refused where nothing is idempotent", () => {
  const handler = (input: number) => input;
  const declare = () => start(service("one", spread(2, handler, { hedge: true })));
  return expect(declare()).rejects.toMatchObject({
    code: "INVALID_DECLARATION",
    message: expect.stringContaining("idempotent: true"),
  });
});

test("the percentile of latencies is right to a few per cent, and follows them", () => {
  const latencies = new Latencies(0.95);
  expect(latencies.value).toBeUndefined();
  for (let index = 0; index < 5000; index++) latencies.add(10 + ((index * 7919) % 1000) / 100);
  expect(latencies.value).toBeGreaterThan(18.4);
  expect(latencies.value).toBeLessThan(19.9);
  for (let index = 0; index < 30_000; index++) latencies.add(1);
  expect(latencies.value).toBeLessThan(1.1);
});

test("where as many calls are slow as the percentile cuts off, it stays with the quick ones", () => {
  const latencies = new Latencies(0.95);
  for (let index = 0; index < 4000; index++) latencies.add(index % 20 === 0 ? 200 : 10);
  expect(latencies.value).toBeLessThan(11);
});
