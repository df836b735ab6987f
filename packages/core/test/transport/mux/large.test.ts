import { afterEach, describe, expect, test } from "vitest";
import { HadronError } from "../../../src/errors.ts";
import { LARGE_BYTES } from "../../../src/transport/mux/frames/frames.ts";
import { createMuxTransport } from "../../../src/transport/mux/index.ts";
import { callScope, TestDispatcher, until } from "../../../src/transport/suite/index.ts";
import { listenMux } from "./listen-mux.ts";

const hello = { app: "app", service: "echo", replica: "echo.0", topology: "t" };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function setUp(handlers: ConstructorParameters<typeof TestDispatcher>[0]) {
  const dispatcher = new TestDispatcher({ echo: ({ input }) => input, ...handlers });
  const listener = await listenMux(dispatcher, "unix");
  closers.push(() => listener.close());
  const options = { self: hello, wanted: hello, stateChanged: () => {}, maxOutputBytes: 1e9 };
  const connection = createMuxTransport().connect(listener.address, options);
  closers.push(() => connection.close());
  const call = (procedure: string, input?: unknown) => connection.call({ procedure, input, scope: callScope() });
  return { dispatcher, listener, connection, call };
}

describe("large bodies", () => {
  test("small calls pass a reply of 50 MB by", async () => {
    const { call } = await setUp({ big: () => new Uint8Array(50_000_000).fill(7) });
    await call("echo", 0);
    let done = false;
    const big = call("big").finally(() => {
      done = true;
    });
    let small = 0;
    while (!done) {
      await call("echo", small);
      small++;
    }
    const bytes = (await big) as Uint8Array;
    expect(bytes.length).toBe(50_000_000);
    expect(Buffer.alloc(50_000_000, 7).equals(bytes)).toBe(true);
    // One after the other, each there and back, while the large one is on its way in some hundred bursts.
    expect(small).toBeGreaterThan(10);
  });

  test("small calls pass an input of 50 MB by", async () => {
    const { call } = await setUp({ length: ({ input }) => (input as Uint8Array).length });
    let done = false;
    const big = call("length", new Uint8Array(50_000_000)).finally(() => {
      done = true;
    });
    let small = 0;
    for (; !done; small++) await call("echo", small);
    expect(await big).toBe(50_000_000);
    expect(small).toBeGreaterThan(10);
  });

  test("a getter that calls the service while its object is sent does not garble the frame", async () => {
    const { call, dispatcher } = await setUp({});
    const inner: Promise<unknown>[] = [];
    const input = {
      a: "x".repeat(5000),
      get b() {
        inner.push(call("echo", "from within"), call("other", 1));
        return "y".repeat(20_000);
      },
      c: [1, 2, 3],
    };
    expect(await call("echo", input)).toEqual({ a: input.a, b: "y".repeat(20_000), c: [1, 2, 3] });
    expect(await inner[0]).toBe("from within");
    await expect(inner[1]).rejects.toMatchObject({
      code: "UNKNOWN_PROCEDURE",
      message: expect.stringContaining("other"),
    });
    expect(await call("echo", 1)).toBe(1);
    expect(dispatcher.calls.map((one) => one.procedure).slice(0, 2)).toEqual(["echo", "echo"]);
  });

  test("close() sends what is still on its way out", async () => {
    let closed: Promise<string> | undefined;
    const { call, listener } = await setUp({
      big: () => new Uint8Array(3_000_000),
      stop: () => {
        queueMicrotask(() => {
          const [connection] = listener.connections;
          setImmediate(() => {
            closed = connection!.close();
          });
        });
        return "bye";
      },
    });
    const answers = await Promise.all([call("big"), call("big"), call("stop")]);
    expect(answers.map((one) => (one as Uint8Array).length)).toEqual([3_000_000, 3_000_000, 3]);
    expect(await closed).toEqual(expect.any(String));
  });

  test("an input or output as large as a frame takes it arrives, its header and a long name beside it", async () => {
    const name = "procedure-".repeat(25);
    const { call } = await setUp({ [name]: ({ input }) => input });
    for (const off of [-1, 0, 1]) {
      // What encodes these bytes takes seven more.
      const bytes = new Uint8Array(LARGE_BYTES - 7 + off).fill(7);
      const { length } = (await call(name, bytes)) as Uint8Array;
      expect(length).toBe(bytes.length);
    }
  });

  test("the bytes of a large input are no longer counted once its call is cancelled, whole or not", async () => {
    const { dispatcher, listener, connection } = await setUp({ wait: () => new Promise(() => {}) });
    const [accepted, scope] = [() => [...listener.connections][0], callScope()];
    const answer = connection.call({ procedure: "wait", input: new Uint8Array(40_000_000), scope }).catch((e) => e);
    await until(() => (accepted()?.heldBytes ?? 0) > 30_000_000, "it is announced");
    scope.cancel(new HadronError("CANCELLED", "enough"));
    expect(await answer).toMatchObject({ code: "CANCELLED" });
    // What the pipe has by then still leaves.
    expect(connection.heldBytes).toBeLessThan(1_000_000);
    await until(() => connection.heldBytes === 0, "the caller holds nothing of it");
    await until(() => accepted()?.heldBytes === 0, "its bytes are let go");
    expect(dispatcher.calls).toEqual([]);
  });
});
