import { expect, test } from "vitest";
import { type ErrorData, HadronError, toErrorData } from "../../errors.ts";
import { echo, type SetUp } from "./rig.ts";
import { callScope, until } from "./test-dispatcher.ts";

/** Failures and cancellation. */
export function describeOutcomes(setUp: SetUp): void {
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
    await until(() => dispatcher.scopes[0]?.error !== undefined, "the handler is told");
    expect(dispatcher.scopes[0]?.error).toMatchObject({ code: "CANCELLED" });
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
}
