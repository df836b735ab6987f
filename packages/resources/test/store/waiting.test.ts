import { expect, test } from "vitest";
import { LocalStore, settle } from "../local-link.ts";

const LEASE_MS = 15_000;
const HOUR = 3_600_000;
const NEVER = new AbortController().signal;

function ask(store: LocalStore, holder: string) {
  const asked = { token: undefined as number | undefined };
  const acquire = { kind: "acquire", lock: "leader", holder, leaseMs: LEASE_MS } as const;
  void store
    .client()
    .link.acquire(acquire, HOUR, NEVER)
    .then((result) => {
      asked.token = "token" in result ? result.token : 0;
    });
  return asked;
}

test("who waits for a lock asks once, and has it when its holder is not heard of for a lease; others follow", async () => {
  await using store = new LocalStore();
  const [first, second, third] = [ask(store, "first"), ask(store, "second"), ask(store, "third")];
  await settle();
  expect([second.token, third.token]).toEqual([undefined, undefined]);
  const renew = { kind: "renew", lock: "leader", token: first.token ?? 0, leaseMs: LEASE_MS } as const;
  for (let third = 0; third < 30; third++) {
    store.time.advance(LEASE_MS / 3);
    await store.server.commit({ client: "first", number: third, settled: third, operations: [renew] });
    await settle();
  }
  expect(second.token).toBeUndefined();
  store.time.advance(LEASE_MS + 1);
  await settle();
  expect(second.token).toBeGreaterThan(first.token ?? 0);
  expect(third.token).toBeUndefined();
  // The second says nothing, either.
  store.time.advance(LEASE_MS + 1);
  await settle();
  expect(third.token).toBeGreaterThan(second.token ?? 0);
  expect(store.trips).toBe(3);
});

test("a store that ends lets nobody wait", async () => {
  await using store = new LocalStore();
  const [, waiting] = [ask(store, "first"), ask(store, "second")];
  const claim = { kind: "claim", queue: "mails", holder: "h", most: 1, leaseMs: LEASE_MS, mostAttempts: 1 } as const;
  const claimed = store.server.claim(claim, HOUR, NEVER);
  await settle();
  store.server.endWaits();
  expect(await claimed).toEqual([]);
  await settle();
  expect(waiting.token).toBe(0);
});
