import { expect, test } from "vitest";
import { HadronError } from "../../errors.ts";
import { fails, failureOf } from "./failures.ts";
import { echo, type SetUp } from "./rig.ts";
import { callScope, WANTED } from "./test-dispatcher.ts";

/** What cannot be sent, and what is too large. */
export function describeLimits(setUp: SetUp): void {
  test.each([
    ["a function", { f: () => 1 }],
    ["a symbol", [Symbol("s")]],
    ["a cycle", cycle()],
    ["a promise", { p: new Promise(() => {}) }],
    ["nesting without end", nested(5000)],
  ])("%s cannot be sent, either way, and the connection lives on", async (_, value) => {
    const { call, dispatcher, under } = await setUp({ echo, bad: () => value });
    if (under.richValues === false) return;
    const input = await fails(call("echo", value));
    expect(input).toMatchObject({ code: "INVALID_INPUT", unsent: true });
    expect(input.message).toMatch(/input/);
    const output = await fails(call("bad"));
    expect(output).toMatchObject({ code: "INVALID_OUTPUT", unsent: false });
    expect(output.message).toMatch(/output/);
    expect(await call("echo", "fine")).toBe("fine");
    expect(dispatcher.calls).toHaveLength(2);
  });

  test("an input above the limit is TOO_LARGE and names the limit; the connection lives on", async () => {
    const { call, dispatcher } = await setUp({ echo }, { maxInputBytes: 1000 });
    await call("echo", "open");
    const failure = await fails(call("echo", "x".repeat(1001)));
    expect(failure).toMatchObject({ code: "TOO_LARGE" });
    expect(failure.message).toContain("1000");
    await expect(call("echo", new Uint8Array(1_000_000))).rejects.toMatchObject({ code: "TOO_LARGE" });
    expect(await call("echo", "x".repeat(900))).toHaveLength(900);
    expect(dispatcher.calls).toHaveLength(2);
  });

  test("an output above the limit is TOO_LARGE and names the limit; the connection lives on", async () => {
    const { call } = await setUp({ make: ({ input }) => "x".repeat(input as number) }, { maxOutputBytes: 1000 });
    const failure = await fails(call("make", 1001));
    expect(failure).toMatchObject({ code: "TOO_LARGE" });
    expect(failure.message).toContain("1000");
    await expect(call("make", 5_000_000)).rejects.toMatchObject({ code: "TOO_LARGE" });
    expect(await call("make", 900)).toHaveLength(900);
  });

  test("the caller, too, limits what it accepts", async () => {
    const { call } = await setUp({ make: ({ input }) => "x".repeat(input as number) }, {}, WANTED, 1000);
    for (const length of [1001, 100_000, 1_000_000]) {
      const failure = await fails(call("make", length));
      expect(failure).toMatchObject({ code: "TOO_LARGE" });
      expect(failure.message).toContain("1000");
    }
    expect(await call("make", 900)).toHaveLength(900);
  });

  test("large inputs and outputs arrive whole, several at once, beside small calls", async () => {
    const { call } = await setUp({ echo });
    const large = [1, 2, 3].map((n) => "ab€".repeat(n * 300_000));
    const order: string[] = [];
    const answers = large.map((text, i) => call("echo", text).finally(() => order.push(`large ${i}`)));
    const small = Array.from({ length: 20 }, (_, i) => call("echo", i).then(() => order.push("small")));
    const got = await Promise.all(answers);
    await Promise.all(small);
    for (const [i, text] of large.entries()) expect(got[i] === text).toBe(true);
    expect(order.filter((size) => size === "small")).toHaveLength(20);
  });

  test("a large call can be cancelled half way", async () => {
    const { call } = await setUp({ echo });
    await call("echo", 1);
    const scope = callScope();
    const answer = call("echo", "x".repeat(8_000_000), scope).catch(failureOf);
    await call("echo", 2);
    scope.cancel(new HadronError("CANCELLED", "enough"));
    expect(await answer).toMatchObject({ code: "CANCELLED" });
    expect(await call("echo", 3)).toBe(3);
  });
}

function cycle(): unknown {
  const value: Record<string, unknown> = { list: [] };
  (value.list as unknown[]).push({ back: value });
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
