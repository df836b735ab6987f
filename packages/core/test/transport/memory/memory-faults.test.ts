import { describe, expect, test } from "vitest";
import type { HadronError } from "../../../src/errors.ts";
import { createMemoryTransport, MemoryRegistry } from "../../../src/transport/memory/memory.ts";
import { callScope, TestDispatcher, until } from "../../../src/transport/suite/index.ts";

const hello = { app: "app", service: "echo", replica: "echo.0", topology: "t" };

function setUp() {
  const registry = new MemoryRegistry();
  const dispatcher = new TestDispatcher({ echo: ({ input }) => input, wait: () => new Promise(() => {}) });
  const endpoint = registry.listen("echo.0", dispatcher);
  const connect = () => {
    const options = { self: hello, wanted: hello, stateChanged: () => {}, maxOutputBytes: 1e9 };
    const connection = createMemoryTransport(registry).connect("memory:echo.0", options);
    const call = (procedure: string, input?: unknown) => connection.call({ procedure, input, scope: callScope() });
    return { connection, call };
  };
  return { registry, dispatcher, endpoint, connect };
}

const failureOf = (call: Promise<unknown>): Promise<HadronError> =>
  call.then(
    () => Promise.reject(new Error("It did not fail.")),
    (error) => error,
  );

describe("memory endpoint", () => {
  test("slowed down, each way takes so much longer; restored, it does not", async () => {
    const { endpoint, connect } = setUp();
    const { call } = connect();
    await call("echo", 1);
    endpoint.slow(40);
    const start = performance.now();
    expect(await call("echo", 2)).toBe(2);
    expect(performance.now() - start).toBeGreaterThanOrEqual(79);
    endpoint.restore();
    expect(await call("echo", 3)).toBe(3);
    endpoint.close();
  });

  test("answers keep their order when it is slowed down and restored in between", async () => {
    const { endpoint, connect } = setUp();
    const { call } = connect();
    await call("echo", 0);
    const order: number[] = [];
    endpoint.slow(30);
    const first = call("echo", 1).then(() => order.push(1));
    await new Promise((resolve) => setImmediate(resolve));
    endpoint.restore();
    await Promise.all([first, call("echo", 2).then(() => order.push(2))]);
    expect(order).toEqual([1, 2]);
    endpoint.close();
  });

  test("cut, calls under way fail and new ones are unsent; restored, it can be reached anew", async () => {
    const { dispatcher, endpoint, connect } = setUp();
    const first = connect();
    const waiting = failureOf(first.call("wait"));
    await until(() => dispatcher.calls.length === 1, "it runs");
    endpoint.cut();
    expect(await waiting).toMatchObject({ code: "UNAVAILABLE", unsent: false });
    await until(() => dispatcher.scopes[0]!.error !== undefined, "the handler is told");
    expect(await failureOf(connect().call("echo"))).toMatchObject({ code: "UNAVAILABLE", unsent: true });
    endpoint.restore();
    expect(await connect().call("echo", 5)).toBe(5);
    endpoint.close();
  });

  test("hung, it is found out; restored in time, nothing was lost", async () => {
    const { endpoint, connect } = setUp();
    const { call } = connect();
    await call("echo", 1);
    endpoint.hang();
    const late = call("echo", 2);
    const soon = new Promise((resolve) => setTimeout(resolve, 50, "nothing"));
    expect(await Promise.race([late, soon])).toBe("nothing");
    endpoint.restore();
    expect(await late).toBe(2);
    endpoint.hang();
    const error = await failureOf(call("echo", 3));
    expect(error).toMatchObject({ code: "UNAVAILABLE", unsent: false });
    expect(error.message).toContain("silent");
    expect(await failureOf(connect().call("echo"))).toMatchObject({ code: "UNAVAILABLE", unsent: true });
    endpoint.close();
  });

  test("closed, its calls are cancelled and its name is free", async () => {
    const { registry, dispatcher, endpoint, connect } = setUp();
    const waiting = failureOf(connect().call("wait"));
    await until(() => dispatcher.calls.length === 1, "it runs");
    expect(() => registry.listen("echo.0", dispatcher)).toThrow("memory:echo.0 is taken");
    endpoint.close();
    expect(await waiting).toMatchObject({ code: "UNAVAILABLE" });
    await until(() => dispatcher.scopes[0]!.error !== undefined, "the handler is told");
    const second = registry.listen("echo.0", dispatcher);
    expect(await connect().call("echo", 1)).toBe(1);
    second.close();
  });

  test("two registries do not meet", async () => {
    setUp();
    const { endpoint } = setUp();
    endpoint.close();
    const options = { self: hello, wanted: hello, stateChanged: () => {}, maxOutputBytes: 1e9 };
    const connection = createMemoryTransport(new MemoryRegistry()).connect("memory:echo.0", options);
    const error = await failureOf(connection.call({ procedure: "echo", input: 1, scope: callScope() }));
    expect(error).toMatchObject({ code: "UNAVAILABLE", unsent: true });
    expect(error.message).toContain("nothing listens at memory:echo.0");
  });
});
