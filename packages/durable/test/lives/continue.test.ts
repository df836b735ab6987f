import { start } from "@hadron/core/testing";
import { crashEverywhere, replay } from "@hadron/durable/testing";
import { expect, test } from "vitest";
import { continueAs, hook, type ShownEvent } from "../../src/index.ts";
import { endless, leaving, named, racing, repeated, slow } from "./endless.ts";

const INPUT = { left: 2, got: [], ids: [], tokens: [] };

test("a run begins anew under its id: handles, tokens and unread messages stay, chance and keys are new, its log is short", async () => {
  await using app = await start(endless, named, { time: "virtual", seed: 1 });
  const one = await endless.start(INPUT, { id: "e" });
  const waiting = one.result({ timeoutMs: 1_000_000 });
  const followed = (async () => {
    const events: ShownEvent[] = [];
    for await (const event of one.events()) events.push(event);
    return events;
  })();
  await app.advance("1m");
  for (const value of ["a", "b"]) await one.send("box", value, { key: value });
  await app.advance("1m");
  expect(await one.status()).toMatchObject({ state: "open", awaited: [{ kind: "next", name: "box" }] });
  const { events } = await one.status();
  const log = (await followedTo(one.events(), events)).map(({ n, type }) => [n, type]);
  expect(log[0]).toEqual([expect.any(Number), "started"]);
  expect(log[0]?.[0]).toBeGreaterThan(8);
  await expect(one.at(0)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  // A key of a message is known still.
  expect(await one.send("box", "a", { key: "a" })).toEqual({ duplicate: true });
  await one.send("box", "c");
  const seen = (await waiting) as { got: string[]; ids: string[]; tokens: string[] };
  expect(seen.got).toEqual(["a child 2", "b child 1", "c child 0"]);
  expect(new Set(seen.ids).size).toBe(3);
  expect(new Set(seen.tokens).size).toBe(1);
  expect((await named.list()).map(({ id }) => id)).toHaveLength(3);
  const all = await followed;
  // Who follows it goes on with the new beginning: numbers grow, and say what was gone before it was seen.
  expect(all.findLast(({ type }) => type === "started")).toMatchObject({ input: { left: 0 } });
  expect(all.map(({ n }) => n)).toEqual([...new Set(all.map(({ n }) => n))].toSorted((one, other) => one - other));
  expect(all.at(-1)).toMatchObject({ type: "ended" });
});

async function followedTo(events: AsyncIterable<ShownEvent>, count: number): Promise<readonly ShownEvent[]> {
  const some: ShownEvent[] = [];
  for await (const event of events) if (some.push(event) === count) break;
  return some;
}

test("a message that lost a race, and one that nobody asked for, come first in the new beginning", async () => {
  await using app = await start(racing, { time: "virtual", seed: 2 });
  const one = await racing.start(false, { id: "r" });
  await app.advance("10s");
  await one.send("box", "first");
  await one.send("box", "second");
  expect(await one.result({ timeoutMs: 200_000 })).toEqual(["first", "second"]);
});

test("what a run left behind goes on, tells the new beginning nothing, and is cancelled with it still", async () => {
  await using app = await start(leaving, slow, named, { time: "virtual", seed: 3 });
  const one = await leaving.start(false, { id: "l" });
  await app.advance("1m");
  expect(await one.status()).toMatchObject({ state: "open", awaited: [{ kind: "next", name: "never" }] });
  expect(await slow.list()).toMatchObject([{ state: "open" }]);
  await one.cancel("enough");
  await expect(one.result()).rejects.toMatchObject({ code: "CANCELLED" });
  await app.advance("1s");
  expect(await slow.list()).toMatchObject([{ state: "ended" }]);
});

test("a crash anywhere while a run begins anew changes nothing", async () => {
  const scenario = async () => {
    const one = await repeated.start({ left: 1, got: [] }, { id: "e" });
    await one.send("box", "a", { key: "a" });
    await one.send("box", "b", { key: "b" });
    return one.result();
  };
  await crashEverywhere([repeated], scenario, { seconds: 1 });
}, 60_000);

test("a history from which a run began anew is replayed, and says with which input it goes on", async () => {
  await using app = await start(racing, { time: "virtual", seed: 4 });
  const one = await racing.start(false, { id: "r" });
  await app.advance("10s");
  await one.send("box", "first");
  await app.advance("1s");
  const { events } = await one.status();
  const history = await followedTo(one.events(), events);
  const program = async () => {
    await hook("box").next();
    return continueAs("more");
  };
  await expect(replay(history, program)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  const asks = history.filter((event) => "name" in event && event.name === "box");
  const log = [history[0]!, ...asks, ...history.filter(({ type }) => type === "received")].map((event, n) => ({
    ...event,
    n,
  }));
  expect(await replay(log, program)).toEqual({ state: "continued", input: "more" });
});
