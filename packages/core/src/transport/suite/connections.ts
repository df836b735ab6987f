import { expect, test } from "vitest";
import { failureOf } from "./failures.ts";
import { echo, type SetUp } from "./rig.ts";
import { callScope, until, WANTED } from "./test-dispatcher.ts";

/** How connections begin and end. */
export function describeConnections(setUp: SetUp): void {
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
    await until(() => dispatcher.scopes[0]?.error !== undefined, "the handler is told");
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
}
