import { expect, test } from "vitest";
import { KeyValueStore } from "../../src/key-value/key-value.ts";
import { type Hold, LockHandle } from "../../src/lock/lock.ts";
import { LocalStore, settle } from "../local-link.ts";

const LEASE_MS = 9000;

function lockOf(store: LocalStore) {
  const client = store.client();
  return new LockHandle({ name: "import", leaseMs: LEASE_MS }, () => client);
}

/** Holds it until told to let go. */
function hold(lock: LockHandle, options?: Parameters<LockHandle["hold"]>[1]) {
  const got = Promise.withResolvers<Hold>();
  const letGo = Promise.withResolvers<string>();
  const result = lock.hold((held) => {
    got.resolve(held);
    return letGo.promise;
  }, options);
  result.catch(got.reject);
  return { got: got.promise, letGo: letGo.resolve, result };
}

test("one holds it; another is told who, or waits its turn", async () => {
  await using store = new LocalStore();
  const [first, second] = [lockOf(store), lockOf(store)];
  const mine = hold(first);
  const { token } = await mine.got;
  await expect(second.hold(() => {})).rejects.toMatchObject({
    code: "ABORTED",
    message: expect.stringMatching(/held by client-1/),
  });
  const theirs = hold(second, { waitMs: 60_000 });
  await settle();
  mine.letGo("done");
  expect(await mine.result).toBe("done");
  expect((await theirs.got).token).toBeGreaterThan(token);
  theirs.letGo("too");
  await theirs.result;
  expect(await first.holder()).toBeUndefined();
});

test("work that throws releases it", async () => {
  await using store = new LocalStore();
  const lock = lockOf(store);
  await expect(lock.hold(() => Promise.reject(new Error("boom")))).rejects.toThrow("boom");
  expect(await lock.hold(() => "free")).toBe("free");
});

test("a lease is renewed for as long as the work lasts", async () => {
  await using store = new LocalStore();
  const mine = hold(lockOf(store));
  const { signal, token } = await mine.got;
  for (let third = 0; third < 10; third++) {
    store.time.advance(LEASE_MS / 3);
    await settle();
  }
  expect(signal.aborted).toBe(false);
  expect(await lockOf(store).holder()).toMatchObject({ token });
  mine.letGo("done");
  await mine.result;
});

test("a holder that cannot reach the store is told at two thirds of the lease, before anybody else can get it", async () => {
  await using store = new LocalStore();
  const mine = hold(lockOf(store));
  const { signal, token } = await mine.got;
  store.away = new Error("cut off");
  store.time.advance(LEASE_MS / 3);
  await settle();
  expect(signal.aborted).toBe(false);
  store.time.advance(LEASE_MS / 3);
  await settle();
  expect(signal.aborted).toBe(true);
  store.away = undefined;
  expect(await lockOf(store).holder()).toMatchObject({ token });
  store.time.advance(LEASE_MS / 3);
  const next = hold(lockOf(store));
  const other = await next.got;
  expect(other.token).toBeGreaterThan(token);
  // What the first writes late is refused.
  const client = store.client();
  const values = new KeyValueStore<string>(
    { name: "s", check: { schema: undefined, upgrade: undefined }, ttlMs: undefined },
    () => client,
  );
  await expect(values.set("k", "late", { fence: token })).rejects.toMatchObject({ code: "ABORTED" });
  await values.set("k", "mine", { fence: other.token });
  mine.letGo("late");
  await mine.result;
  next.letGo("done");
  await next.result;
});

test("who gives the waiting up has not got it, nor keeps it from others", async () => {
  await using store = new LocalStore();
  const [first, second, third] = [lockOf(store), lockOf(store), lockOf(store)];
  const mine = hold(first);
  await mine.got;
  const givenUp = new AbortController();
  const theirs = hold(second, { waitMs: 60_000, signal: givenUp.signal });
  theirs.got.catch(() => {});
  await settle();
  givenUp.abort();
  await expect(theirs.result).rejects.toMatchObject({ code: "ABORTED" });
  mine.letGo("done");
  await mine.result;
  expect(await third.hold(({ token }) => token)).toEqual(expect.any(Number));
});

test("whoever waited longer than its lease lasts starts with a whole one", async () => {
  await using store = new LocalStore();
  const mine = hold(lockOf(store));
  await mine.got;
  const theirs = hold(lockOf(store), { waitMs: 120_000 });
  for (let third = 0; third < 6; third++) {
    await settle();
    store.time.advance(LEASE_MS / 3);
  }
  await settle();
  mine.letGo("done");
  await mine.result;
  const { signal } = await theirs.got;
  expect(signal.aborted).toBe(false);
  store.time.advance(LEASE_MS / 3);
  await settle();
  expect(signal.aborted).toBe(false);
  theirs.letGo("done");
  await theirs.result;
});

test("nothing is left of a hold that is over", async () => {
  await using store = new LocalStore();
  const before = store.time.timers;
  await lockOf(store).hold(() => {});
  expect(store.time.timers).toBe(before);
});
