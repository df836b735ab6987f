import { afterEach, describe, expect, test } from "vitest";
import { type ErrorData, HadronError, toErrorData } from "../../errors.ts";
import { Scope } from "../../scope/scope.ts";
import { replyWith } from "../pump.ts";
import type { Connection, ConnectionState, Dispatcher, Hello, IncomingCall, Reply, Transport } from "../transport.ts";

/** One side that listens, for one test. */
export interface Listening {
  readonly address: string;
  /** Tells callers that it drains. Undefined: the transport cannot. */
  readonly goaway?: () => void;
  /** Breaks all connections at once and listens no more. */
  close(): Promise<void> | void;
}

/** What a transport gives to the suite. */
export interface TransportUnderTest {
  readonly transport: Transport;
  listen(dispatcher: Dispatcher): Promise<Listening>;
  /** An address where nobody listens. */
  readonly nowhere: string;
  /** Values of JavaScript beyond JSON survive. @default true */
  readonly richValues?: boolean;
  close?(): Promise<void> | void;
}

const SELF: Hello = { app: "app", service: "caller", replica: "caller.0", topology: "0123456789abcdef" };
const WANTED: Hello = { app: "app", service: "echo", replica: "echo.0", topology: "0123456789abcdef" };

type Handler = (call: IncomingCall, scope: Scope) => unknown;

/** A serving side whose handlers are plain functions; it counts what it ran. */
export class TestDispatcher implements Dispatcher {
  readonly self: Hello;
  readonly maxInputBytes: number;
  readonly maxOutputBytes: number;
  readonly calls: IncomingCall[] = [];
  readonly scopes: Scope[] = [];
  readonly #handlers: Readonly<Record<string, Handler>>;

  constructor(handlers: Readonly<Record<string, Handler>>, options: Partial<Omit<Dispatcher, "dispatch">> = {}) {
    this.#handlers = handlers;
    this.self = options.self ?? WANTED;
    this.maxInputBytes = options.maxInputBytes ?? 256 * 1024 * 1024;
    this.maxOutputBytes = options.maxOutputBytes ?? 256 * 1024 * 1024;
  }

  dispatch(call: IncomingCall, reply: Reply): Scope {
    const deadlineAt = call.timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + call.timeoutMs;
    const scope = new Scope({ deadlineAt, trace: call.trace, caller: call.caller });
    this.calls.push(call);
    this.scopes.push(scope);
    this.#run(call, scope).then(
      (output) => {
        scope.end();
        void replyWith(output, reply, scope);
      },
      (error) => {
        scope.end();
        reply.fail(toErrorData(error));
      },
    );
    return scope;
  }

  async #run(call: IncomingCall, scope: Scope): Promise<unknown> {
    const handler = this.#handlers[call.procedure];
    if (handler === undefined) throw new HadronError("UNKNOWN_PROCEDURE", `There is no "${call.procedure}".`);
    return handler(call, scope);
  }
}

/** A scope as a caller has it. */
export function callScope(timeoutMs = 30_000, trace?: string): Scope {
  return new Scope({ deadlineAt: performance.now() + timeoutMs, trace, caller: SELF.replica });
}

/** Resolves when a condition holds. Fails the test, with what it waited for, after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited ten seconds until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/**
 * Proves the promises of {@link Transport} for one of its implementations.
 *
 * @example
 * describeTransport("memory", async () => {
 *   const registry = new MemoryRegistry();
 *   return { transport: createMemoryTransport(registry), nowhere: "memory:nobody", listen: async (dispatcher) => … };
 * });
 */
export function describeTransport(name: string, create: () => Promise<TransportUnderTest> | TransportUnderTest): void {
  describe(`transport ${name}`, () => {
    const closers: (() => Promise<void> | void)[] = [];
    afterEach(async () => {
      for (const close of closers.splice(0).reverse()) await close();
    });

    async function setUp(
      handlers: Readonly<Record<string, Handler>>,
      options: Partial<Omit<Dispatcher, "dispatch">> = {},
      wanted: Hello = WANTED,
      maxOutputBytes = 256 * 1024 * 1024,
    ) {
      const under = await create();
      if (under.close !== undefined) closers.push(under.close);
      const dispatcher = new TestDispatcher(handlers, options);
      const listening = await under.listen(dispatcher);
      closers.push(() => listening.close());
      const states: ConnectionState[] = [];
      const connect = (address: string): Connection => {
        const connection = under.transport.connect(address, {
          self: SELF,
          wanted,
          stateChanged: (state) => states.push(state),
          maxOutputBytes,
        });
        closers.push(() => connection.close());
        return connection;
      };
      const connection = connect(listening.address);
      const call = (procedure: string, input?: unknown, scope: Scope = callScope()) =>
        connection.call({ procedure, input, scope });
      return { under, dispatcher, listening, connection, connect, states, call };
    }

    const echo: Handler = ({ input }) => input;

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

    test("time left, trace and caller arrive with the call", async () => {
      const { call, dispatcher } = await setUp({ echo });
      const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
      await call("echo", 1, callScope(5000, trace));
      await call("echo", 2, new Scope({ deadlineAt: Number.POSITIVE_INFINITY, caller: undefined }));
      const [first, second] = dispatcher.calls;
      expect(first).toMatchObject({ procedure: "echo", trace, caller: "caller.0" });
      expect(first!.timeoutMs).toBeGreaterThan(0);
      expect(first!.timeoutMs).toBeLessThanOrEqual(5000);
      expect(second).toMatchObject({ timeoutMs: undefined, trace: undefined });
    });

    test("a failure arrives with its code, message, path and hint, and without a stack", async () => {
      const data: ErrorData = {
        code: "OVERLOADED",
        message: "too much",
        retryable: true,
        path: ["a", "b"],
        retryAfterMs: 70,
      };
      const { call } = await setUp({
        fail: () => {
          throw new HadronError(data.code, data.message, data);
        },
        crash: () => {
          throw new TypeError("x is not y");
        },
      });
      const error = await call("fail").catch((thrown) => thrown);
      expect(error).toBeInstanceOf(HadronError);
      expect(toErrorData(error)).toEqual(data);
      expect(error).toMatchObject({ unsent: false });
      await expect(call("crash")).rejects.toMatchObject({
        code: "HANDLER_FAILED",
        message: "x is not y",
        retryable: false,
      });
      await expect(call("nothing")).rejects.toMatchObject({ code: "UNKNOWN_PROCEDURE" });
    });

    test("a cancelled call fails at once with the scope's error, and the handler's scope is cancelled", async () => {
      const { call, dispatcher, connection } = await setUp({ wait: () => new Promise(() => {}), echo });
      const scope = callScope();
      const answer = call("wait", undefined, scope);
      await until(() => dispatcher.scopes.length === 1, "the call runs");
      const reason = new HadronError("CANCELLED", "no longer wanted");
      scope.cancel(reason);
      await expect(answer).rejects.toBe(reason);
      expect(connection.inFlight).toBe(0);
      await until(() => dispatcher.scopes[0]!.error !== undefined, "the handler is told");
      expect(dispatcher.scopes[0]!.error).toMatchObject({ code: "CANCELLED" });
      expect(await call("echo", "still open")).toBe("still open");
    });

    test("a call in a scope that has ended is not sent", async () => {
      const { call, dispatcher } = await setUp({ echo });
      const scope = callScope();
      scope.cancel(new HadronError("DEADLINE_EXCEEDED", "over"));
      await expect(call("echo", 1, scope)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
      await call("echo", 2);
      expect(dispatcher.calls.map(({ input }) => input)).toEqual([2]);
    });

    test("the answer to a cancelled call is dropped", async () => {
      const gate = Promise.withResolvers<void>();
      const { call, dispatcher } = await setUp({
        late: async () => {
          await gate.promise;
          return "late";
        },
        echo,
      });
      const scope = callScope();
      const answer = call("late", undefined, scope);
      await until(() => dispatcher.calls.length === 1, "the call runs");
      scope.cancel(new HadronError("CANCELLED", "no"));
      await expect(answer).rejects.toMatchObject({ code: "CANCELLED" });
      gate.resolve();
      for (let i = 0; i < 5; i++) expect(await call("echo", i)).toBe(i);
    });

    test("where nobody listens, a call is UNAVAILABLE and unsent", async () => {
      const { under, connect, states } = await setUp({ echo });
      const connection = connect(under.nowhere);
      const failure = await connection.call({ procedure: "echo", input: 1, scope: callScope() }).catch(failureOf);
      expect(failure).toMatchObject({ code: "UNAVAILABLE", unsent: true });
      await until(() => connection.state === "closed", "the connection is closed");
      expect(states).toContain("closed");
      await expect(connection.call({ procedure: "echo", input: 1, scope: callScope() })).rejects.toMatchObject({
        unsent: true,
      });
    });

    test.each([
      ["another app", { ...WANTED, app: "other" }],
      ["another service", { ...WANTED, service: "other" }],
      ["another replica", { ...WANTED, replica: "echo.1" }],
    ])("%s at the address is UNAVAILABLE and unsent", async (_, wanted) => {
      const { call, dispatcher } = await setUp({ echo }, {}, wanted);
      await expect(call("echo")).rejects.toMatchObject({ code: "UNAVAILABLE", unsent: true });
      expect(dispatcher.calls).toEqual([]);
    });

    test("another revision of the replica is served, and so is one who wants any replica", async () => {
      const { call } = await setUp({ echo }, {}, { ...WANTED, topology: "ffffffffffffffff", replica: undefined });
      expect(await call("echo", 1)).toBe(1);
    });

    test("when the connection breaks, a call under way is UNAVAILABLE and not said to be unsent", async () => {
      const { call, dispatcher, listening, connection, states } = await setUp({ wait: () => new Promise(() => {}) });
      const answer = call("wait").catch(failureOf);
      await until(() => dispatcher.calls.length === 1, "the call runs");
      await listening.close();
      expect(await answer).toMatchObject({ code: "UNAVAILABLE", unsent: false, retryable: true });
      expect(connection.state).toBe("closed");
      expect(states.at(-1)).toBe("closed");
      await expect(call("wait")).rejects.toMatchObject({ code: "UNAVAILABLE", unsent: true });
    });

    test("closing the connection fails its calls and cancels them at the other side", async () => {
      const { call, dispatcher, connection } = await setUp({ wait: () => new Promise(() => {}) });
      const answer = call("wait").catch(failureOf);
      await until(() => dispatcher.calls.length === 1, "the call runs");
      connection.close();
      expect(await answer).toMatchObject({ code: "UNAVAILABLE" });
      expect(connection.state).toBe("closed");
      await until(() => dispatcher.scopes[0]!.error !== undefined, "the handler is told");
    });

    test("a drained replica finishes what it took, and takes no more", async (context) => {
      const gate = Promise.withResolvers<string>();
      const { call, dispatcher, listening, connection, states } = await setUp({ wait: () => gate.promise });
      if (listening.goaway === undefined) return context.skip();
      const answer = call("wait");
      await until(() => dispatcher.calls.length === 1, "the call runs");
      listening.goaway();
      // Sent before the caller can know.
      const refused = call("wait").catch(failureOf);
      expect(await refused).toMatchObject({ code: "UNAVAILABLE", unsent: true });
      await until(() => connection.state === "draining", "the caller knows");
      await expect(call("wait")).rejects.toMatchObject({ code: "UNAVAILABLE", unsent: true });
      gate.resolve("done");
      expect(await answer).toBe("done");
      await until(() => connection.state === "closed", "the caller closes");
      expect(states).toEqual(["open", "draining", "closed"]);
      expect(dispatcher.calls).toHaveLength(1);
    });

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
      expect(order.filter((one) => one === "small")).toHaveLength(20);
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
  });
}

/** The error of a call that must fail. */
async function fails(call: Promise<unknown>): Promise<HadronError> {
  const outcome = await call.then(
    () => undefined,
    (error: HadronError) => error,
  );
  if (outcome === undefined) throw new Error("The call did not fail.");
  return outcome;
}

function failureOf(error: unknown): HadronError {
  return error as HadronError;
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
