import { expect, test } from "vitest";
import type { Results } from "../operations.ts";
import type { Start } from "./start.ts";
import { readText, set } from "./test-client.ts";

/** Locks, their tokens, and whose clock counts. */
export function describeLocks(name: string, start: Start): void {
  test(`${name}: a lock has one holder; tokens grow, also after it was released; a lease that ended is lost`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    const acquire = (holder: string) => client.do({ kind: "acquire", lock: "l", holder, leaseMs: 1000 });
    const first = held(await acquire("a"));
    expect(await acquire("a")).toEqual(first);
    expect(await acquire("b")).toEqual({ heldBy: "a", forMs: 1000 });
    expect(await driver.read({ kind: "lock", lock: "l" })).toEqual({ holder: "a", token: first.token, forMs: 1000 });
    await client.do({ kind: "release", lock: "l", token: first.token });
    const second = held(await acquire("b"));
    expect(second.token).toBeGreaterThan(first.token);
    time.advance(999);
    await client.do({ kind: "renew", lock: "l", token: second.token, leaseMs: 1000 });
    time.advance(1000);
    expect(await client.refusal({ kind: "renew", lock: "l", token: second.token, leaseMs: 1000 })).toBe("ABORTED");
    expect(await driver.read({ kind: "lock", lock: "l" })).toBeUndefined();
    const third = held(await acquire("a"));
    expect(third.token).toBeGreaterThan(second.token);
    expect(await client.refusal({ kind: "release", lock: "l", token: second.token })).toBe("ABORTED");
  });

  test(`${name}: a write under a fence is refused once the lock is not held`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    const { token } = held(await client.do({ kind: "acquire", lock: "l", holder: "a", leaseMs: 1000 }));
    await client.do(set("s", "k", "held", { fence: token }));
    time.advance(1000);
    expect(await client.refusal(set("s", "k", "stale", { fence: token }))).toBe("ABORTED");
    await client.do({ kind: "acquire", lock: "l", holder: "b", leaseMs: 1000 });
    expect(await client.refusal(set("s", "k", "stale", { fence: token }))).toBe("ABORTED");
    expect(await readText(driver, "s", "k")).toBe("held");
  });

  test(`${name}: nobody who sets the system's clock ends a lease or makes it longer`, async () => {
    const { store, client, time } = await start();
    await using _ = store;
    await client.do({ kind: "acquire", lock: "l", holder: "a", leaseMs: 1000 });
    time.setWall(3_600_000);
    expect(await client.do({ kind: "acquire", lock: "l", holder: "b", leaseMs: 1000 })).toMatchObject({ heldBy: "a" });
    time.setWall(-7_200_000);
    time.advance(1000);
    expect(await client.do({ kind: "acquire", lock: "l", holder: "b", leaseMs: 1000 })).toMatchObject({
      token: expect.any(Number),
    });
  });
}

function held(result: Results["acquire"]): { readonly token: number } {
  if (!("token" in result)) throw new Error(`it is held by ${result.heldBy}`);
  return result;
}
