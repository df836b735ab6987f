import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HadronError } from "../../../src/errors.ts";
import { createMemoryPipes, type MemoryPipe } from "../../../src/transport/memory/memory-pipe.ts";
import { ClientConnection } from "../../../src/transport/mux/client/connection.ts";
import { createMuxTransport } from "../../../src/transport/mux/index.ts";
import { acceptPipe } from "../../../src/transport/mux/server/open.ts";
import { callScope, TestDispatcher, until } from "../../../src/transport/suite/index.ts";
import type { Connection } from "../../../src/transport/transport.ts";
import { listenMux } from "./listen-mux.ts";
import { FaultyProxy, type ProxyFaults } from "./proxy.ts";

/** What the system says of a silent connection: behind a proxy on this machine, all would be acknowledged. */
const system = vi.hoisted(() => ({ says: "gone" }));
vi.mock("../../../src/transport/mux/link/tcp-state.ts", () => ({ readTcpState: async () => system.says }));
beforeEach(() => {
  system.says = "gone";
});

const hello = { app: "app", service: "echo", replica: "echo.0", topology: "t" };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const connectOptions = { self: hello, wanted: hello, stateChanged: () => {}, maxOutputBytes: 1e9 };

/** Counts at the callee how often each input was run. */
function counting(): { readonly runs: Map<number, number>; readonly dispatcher: TestDispatcher } {
  const runs = new Map<number, number>();
  const dispatcher = new TestDispatcher({
    count: ({ input }) => {
      const { n } = input as { n: number };
      runs.set(n, (runs.get(n) ?? 0) + 1);
      return { n, text: "ok" };
    },
  });
  return { runs, dispatcher };
}

type Outcome = { readonly ok: unknown } | { readonly error: HadronError };

/** Six calls in two waves; the second begins whatever becomes of the first. */
async function converse(connection: Connection): Promise<readonly Outcome[]> {
  const call = (n: number): Promise<Outcome> =>
    connection.call({ procedure: "count", input: { n, pad: "x".repeat(20) }, scope: callScope() }).then(
      (ok) => ({ ok }),
      (error) => ({ error }),
    );
  const first = await Promise.all([0, 1, 2].map(call));
  return [...first, ...(await Promise.all([3, 4, 5].map(call)))];
}

function check(outcomes: readonly Outcome[], runs: ReadonlyMap<number, number>): void {
  for (const [n, outcome] of outcomes.entries()) {
    const count = runs.get(n) ?? 0;
    expect(count).toBeLessThanOrEqual(1);
    if ("ok" in outcome) {
      expect(outcome.ok).toEqual({ n, text: "ok" });
      expect(count).toBe(1);
    } else {
      expect(outcome.error).toBeInstanceOf(HadronError);
      expect(outcome.error.code).toBe("UNAVAILABLE");
      // What is said to be unsent may be sent elsewhere: so it must not have run here.
      if (outcome.error.unsent) expect(count).toBe(0);
    }
  }
}

/** Passes so many bytes of what is written, then breaks both pipes. */
function cutAfter(pipe: MemoryPipe, bytes: number): { readonly passed: () => number } {
  let left = bytes;
  const write = pipe.write.bind(pipe);
  pipe.write = (chunks) => {
    const parts: Buffer[] = [];
    for (const chunk of chunks) {
      parts.push(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
    }
    const more = write(parts);
    if (left === 0) {
      pipe.end();
      const other = pipe.other!;
      setImmediate(() => setImmediate(() => other.break(new Error("cut"))));
    }
    return more;
  };
  return { passed: () => bytes - left };
}

describe("a connection that is cut", () => {
  test.each([
    ["from caller to callee", 0],
    ["from callee to caller", 1],
  ] as const)("at each byte %s: no call runs twice, and none that ran is called unsent", async (_, side) => {
    const attempt = async (bytes: number) => {
      const { runs, dispatcher } = counting();
      const pipes = createMemoryPipes({ delayMs: 0, hung: false });
      const cut = cutAfter(pipes[side], bytes);
      acceptPipe(pipes[1], dispatcher, () => {});
      const connection = new ClientConnection(pipes[0], "memory:test", connectOptions);
      const outcomes = await converse(connection);
      connection.close();
      check(outcomes, runs);
      return { passed: cut.passed(), outcomes };
    };
    const whole = await attempt(1_000_000);
    expect(whole.outcomes.every((outcome) => "ok" in outcome)).toBe(true);
    let unsent = 0;
    let unknown = 0;
    for (let bytes = 1; bytes < whole.passed; bytes++) {
      const { outcomes } = await attempt(bytes);
      for (const outcome of outcomes) if ("error" in outcome) outcome.error.unsent ? unsent++ : unknown++;
    }
    // Both kinds were seen, or this proves nothing.
    expect(unsent).toBeGreaterThan(0);
    expect(unknown).toBeGreaterThan(0);
  });

  test.each([["cutUpAfter"], ["cutDownAfter"]] as const)("%s some bytes, on real sockets: the same", async (which) => {
    const { runs, dispatcher } = counting();
    const listener = await listenMux(dispatcher, "tcp");
    closers.push(() => listener.close());
    const proxy = await FaultyProxy.create(listener.address);
    closers.push(() => proxy.close());
    for (let bytes = 1; bytes < 900; bytes += 13) {
      runs.clear();
      proxy.faults = { [which]: bytes };
      const connection = createMuxTransport().connect(proxy.address, connectOptions);
      const outcomes = await converse(connection);
      connection.close();
      await until(() => listener.connections.size === 0, "the callee has seen the end");
      check(outcomes, runs);
    }
  });
});

describe("a network that misbehaves", () => {
  async function through(faults: ProxyFaults) {
    const { runs, dispatcher } = counting();
    const listener = await listenMux(dispatcher, "tcp");
    closers.push(() => listener.close());
    const proxy = await FaultyProxy.create(listener.address, faults);
    closers.push(() => proxy.close());
    const connection = createMuxTransport().connect(proxy.address, connectOptions);
    closers.push(() => connection.close());
    return { runs, dispatcher, listener, proxy, connection };
  }

  test("everything that comes byte by byte is understood", async () => {
    const { connection, runs } = await through({ split: true });
    const outcomes = await converse(connection);
    expect(outcomes.map((outcome) => "ok" in outcome)).toEqual(new Array(6).fill(true));
    check(outcomes, runs);
  });

  test("a changed byte ends in an error or another answer, and never in a crash or a call without an end", async () => {
    for (let at = 330; at < 480; at += 11) {
      const { connection, listener } = await through({
        corrupt: (chunk, passed) => {
          const copy = Buffer.from(chunk);
          if (at >= passed && at < passed + copy.length) copy[at - passed]! ^= 0xff;
          return copy;
        },
      });
      const calls = [0, 1, 2].map((n) =>
        connection.call({ procedure: "count", input: { n }, scope: callScope(1000) }).then(
          () => "ok",
          (error) => error.code,
        ),
      );
      for (const outcome of await Promise.all(calls)) expect(outcome).toMatch(/^[A-Zok_]+$/);
      connection.close();
      await until(() => listener.connections.size === 0, "the callee has seen the end");
    }
  });

  test("a half-open connection is found by both sides within about three seconds", async () => {
    const dispatcher = new TestDispatcher({ wait: () => new Promise(() => {}), echo: ({ input }) => input });
    const listener = await listenMux(dispatcher, "tcp");
    closers.push(() => listener.close());
    const proxy = await FaultyProxy.create(listener.address);
    closers.push(() => proxy.close());
    const connection = createMuxTransport().connect(proxy.address, connectOptions);
    closers.push(() => connection.close());
    const call = (procedure: string) => connection.call({ procedure, input: 1, scope: callScope() });
    expect(await call("echo")).toBe(1);
    const waiting = call("wait").catch((error: HadronError) => error);
    await until(() => dispatcher.calls.length === 2, "the call runs");
    proxy.freeze();
    const start = performance.now();
    const error = (await waiting) as HadronError;
    // Noisy machines: far from the 30 s that the call had.
    expect(performance.now() - start).toBeLessThan(6000);
    expect(error).toMatchObject({ code: "UNAVAILABLE", unsent: false });
    expect(error.message).toContain("silent");
    await until(() => dispatcher.scopes[1]!.error !== undefined, "the callee gives the call up, too");
  });

  test("a connection whose other end takes everything and says nothing is kept, and its calls end at their deadline", async () => {
    system.says = "there";
    const dispatcher = new TestDispatcher({ echo: ({ input }) => input });
    const listener = await listenMux(dispatcher, "tcp");
    closers.push(() => listener.close());
    const proxy = await FaultyProxy.create(listener.address);
    closers.push(() => proxy.close());
    const connection = createMuxTransport().connect(proxy.address, connectOptions);
    closers.push(() => connection.close());
    const call = (timeoutMs: number) => connection.call({ procedure: "echo", input: 1, scope: callScope(timeoutMs) });
    expect(await call(5000)).toBe(1);
    proxy.freeze();
    await expect(call(3500)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(connection.state).toBe("open");
  });

  test("a silent connection of which nothing is known is given up after 30 s", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const faults = { delayMs: 0, hung: false };
      const pipes = createMemoryPipes(faults);
      acceptPipe(pipes[1], new TestDispatcher({ echo: ({ input }) => input }), () => {});
      pipes[0].look = async () => "unknown";
      const connection = new ClientConnection(pipes[0], "memory:test", connectOptions);
      const call = () => connection.call({ procedure: "echo", input: 1, scope: callScope(1_000_000) });
      expect(await call()).toBe(1);
      faults.hung = true;
      for (const pipe of pipes) pipe.doubt();
      const waiting = call().catch((error: HadronError) => error);
      await vi.advanceTimersByTimeAsync(29_000);
      expect(connection.state).toBe("open");
      await vi.advanceTimersByTimeAsync(1_500);
      expect(await waiting).toMatchObject({ code: "UNAVAILABLE" });
      expect(connection.state).toBe("closed");
    } finally {
      vi.useRealTimers();
    }
  });

  test("a connection that is quiet because the handler takes long is left alone", async () => {
    const dispatcher = new TestDispatcher({ slow: () => new Promise((resolve) => setTimeout(resolve, 3500, "done")) });
    const listener = await listenMux(dispatcher, "tcp");
    closers.push(() => listener.close());
    const connection = createMuxTransport().connect(listener.address, connectOptions);
    closers.push(() => connection.close());
    expect(await connection.call({ procedure: "slow", input: 1, scope: callScope() })).toBe("done");
  });
});
