import { HadronError, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { durable, hook, sleep, step } from "@hadron/durable";
import { expect, test } from "vitest";
import { readHistory } from "../../src/log/history.ts";
import { checkHistory } from "../../src/replay/check-history.ts";
import { replay } from "../../src/testing/index.ts";

const program = async (what: string) => {
  const paid = await step("charge", () => 1);
  await hook("said").next();
  return `${what} ${paid}`;
};
const order = service("order", durable(program));

/** The history of a run that waits for its hook, or was killed while it did. */
async function history(isKilled = false) {
  await using app = await start(order, { time: "virtual", seed: 1 });
  const one = await order.start("a book", { id: "1" });
  await app.advance("1m");
  const { events } = await one.status();
  if (isKilled) {
    await one.kill();
    await one.result().catch(() => {});
    return await Array.fromAsync(one.events());
  }
  const read = one.events()[Symbol.asyncIterator]();
  return await Promise.all(Array.from({ length: events }, async () => (await read.next()).value!));
}

const check = async (changed: typeof program, isKilled = false) =>
  checkHistory(readHistory(await history(isKilled)), changed as (input: string) => unknown, "order/1");

test("a run that is open goes on where the code does what its log says, whatever comes behind that", async () => {
  expect(await check(program)).toBeUndefined();
  const longer = async (what: string) => {
    const done = await program(what);
    await sleep("1h");
    return done;
  };
  expect(await check(longer)).toBeUndefined();
});

test("a difference is told with the event, what was expected, what came, and the line", async () => {
  const other = async (what: string) => {
    await step("charge card", () => 1);
    return program(what);
  };
  expect(await check(other)).toMatchObject({
    n: 1,
    difference: {
      expected: 'step "charge"',
      came: 'step "charge card"',
      where: expect.stringMatching(/check-history\.test\.ts:\d+:\d+$/),
    },
  });
});

test("a run that is open would not go on where the code fails at once, or waits for nothing that can come", async () => {
  const failing = async (what: string): Promise<string> => {
    const said = program(what);
    await step("never", () => {});
    return said;
  };
  expect(await check(failing)).toMatchObject({ n: 3, difference: { came: expect.any(String) } });
  const broken = async (): Promise<string> => {
    void step("charge", () => 1);
    void hook("said").next();
    throw new HadronError("NOT_FOUND", "It is gone.");
  };
  expect(await check(broken)).toMatchObject({
    difference: { expected: "no end", came: "an end by HadronError: It is gone." },
  });
});

test("a run that somebody killed matches, as far as it came", async () => {
  expect(await check(program, true)).toBeUndefined();
  expect(await replay(await history(true), program)).toEqual({ state: "open", awaits: ['next() of hook "said"'] });
});
