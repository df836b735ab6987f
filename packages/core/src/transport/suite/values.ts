import { expect, test } from "vitest";
import { createSystemClock } from "../../clock/system-clock.ts";
import { Scope } from "../../scope/scope.ts";
import { echo, type SetUp } from "./rig.ts";
import { callScope } from "./test-dispatcher.ts";

/** Calls and what they carry. */
export function describeValues(setUp: SetUp): void {
  test("a call returns the handler's output", async () => {
    const { call, connection } = await setUp({
      add: ({ input }) => (input as number[])[0]! + (input as number[])[1]!,
    });
    expect(await call("add", [1, 2])).toBe(3);
    expect(connection.inFlight).toBe(0);
    expect(connection.state).toBe("open");
  });

  test("JSON's values arrive as they were", async () => {
    const { call } = await setUp({ echo });
    const values = [
      null,
      true,
      false,
      0,
      1,
      -1,
      1.5,
      2 ** 31,
      -(2 ** 40),
      1e300,
      "",
      "ü €𝄞",
      [],
      {},
      [[1], { a: [{}] }],
    ];
    for (const value of [...values, values, { values }]) expect(await call("echo", value)).toEqual(value);
  });

  test("numbers keep their value in arrays of any length and mix", async () => {
    const { call } = await setUp({ echo });
    const floats = Array.from({ length: 10_000 }, (_, i) => Math.sin(i) * 10 ** (i % 40));
    const whole = Array.from({ length: 1000 }, (_, i) => (i - 500) * 7 ** (i % 10));
    for (const value of [floats, whole, [0.5, 1, 2, 3], [1, 2, 3, 0.5], [0.5, 1, "2", 3.5], [1.5, null, 2.5, 3.5]]) {
      expect(await call("echo", value)).toEqual(value);
    }
  });

  test("bytes, dates, maps, sets, big integers, undefined and NaN survive", async (context) => {
    const { call, under } = await setUp({ echo });
    if (under.richValues === false) return context.skip();
    const values = [
      new Uint8Array([0, 1, 255]),
      new Float64Array([1.5, Number.NaN]),
      new BigInt64Array([-1n]),
      new Int16Array(0),
      new Uint8Array([7, 8]).buffer,
      new Date(0),
      new Date(-1),
      new Date(Number.NaN),
      new Map<unknown, unknown>([
        [1, "one"],
        ["k", new Set([1, "a"])],
      ]),
      0n,
      -(2n ** 63n),
      2n ** 64n,
      -(2n ** 200n),
      undefined,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      -0,
      { a: undefined, b: [undefined, 1] },
      /a+/gi,
    ];
    for (const value of [...values, values]) expect(await call("echo", value)).toStrictEqual(value);
    expect(Object.is(await call("echo", -0), -0)).toBe(true);
  });

  test("many calls at once each get their own answer", async () => {
    const { call, connection, dispatcher } = await setUp({
      echo: async ({ input }) => {
        if ((input as number) % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        return input;
      },
    });
    const inputs = Array.from({ length: 500 }, (_, i) => i);
    const answers = Promise.all(inputs.map((i) => call("echo", i)));
    expect(connection.inFlight).toBe(500);
    expect(await answers).toEqual(inputs);
    expect(dispatcher.calls).toHaveLength(500);
    expect(connection.inFlight).toBe(0);
  });

  test("metadata arrives as it was sent, and the id of a call that has one", async () => {
    const { call, connection, dispatcher } = await setUp({ echo });
    const meta = `tenant=a%20b,long=${"x".repeat(8000)}`;
    const clock = createSystemClock();
    const scope = new Scope({ clock, deadlineAt: clock.now() + 30_000, meta });
    await Promise.all([
      connection.call({ procedure: "echo", input: 1, scope, identity: { callId: "order-17" } }),
      connection.call({ procedure: "echo", input: 2, scope: callScope() }),
      connection.call({ procedure: "echo", input: 3, scope }),
    ]);
    await call("echo", 4);
    const [first, second, third] = dispatcher.calls.toSorted((a, b) => Number(a.input) - Number(b.input));
    expect(first).toMatchObject({ meta, callId: "order-17" });
    expect(second).toMatchObject({ meta: undefined });
    expect(third).toMatchObject({ meta });
    expect(second?.callId).not.toBe("order-17");
  });

  test("time left, trace and caller arrive with the call", async () => {
    const { call, dispatcher } = await setUp({ echo });
    const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    await call("echo", 1, callScope(5000, trace));
    await call("echo", 2, callScope(Number.POSITIVE_INFINITY));
    const [first, second] = dispatcher.calls;
    expect(first).toMatchObject({ procedure: "echo", trace, caller: { service: "caller", replica: "caller.0" } });
    expect(first?.timeoutMs).toBeGreaterThan(0);
    expect(first?.timeoutMs).toBeLessThanOrEqual(5000);
    expect(second).toMatchObject({ timeoutMs: undefined, trace: undefined });
  });
}
