import { expect, test } from "vitest";
import { send } from "../../src/store/contract/suite/index.ts";
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

test("a lock that is released in the very commit that refuses it is had at once", async () => {
  await using store = new LocalStore();
  const first = ask(store, "first");
  await settle();
  // In one turn, and so in one commit: asked for, and then released.
  const watched = watchCommits(store);
  const acquire = { kind: "acquire", lock: "leader", holder: "second", leaseMs: LEASE_MS } as const;
  const second = store.server.acquire(acquire, HOUR, NEVER);
  await store.server.own({ kind: "release", lock: "leader", token: first.token ?? 0 });
  expect(watched.commits).toEqual([["acquire", "release"]]);
  expect(await second).toMatchObject({ token: expect.any(Number) });
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

/** What each commit of a store does from now on, by the kinds of its operations; `hold` keeps the next one until it is let go. */
function watchCommits(store: LocalStore) {
  const { driver } = store.server;
  const commit = driver.commit.bind(driver);
  const watched = { commits: [] as string[][], hold: undefined as Promise<void> | undefined };
  driver.commit = async (batches) => {
    watched.commits.push(batches.flatMap(({ operations }) => operations.map(({ kind }) => kind)));
    const done = await commit(batches);
    await watched.hold;
    return done;
  };
  return watched;
}

const claimOf = (holder: string, most = 1) =>
  ({ kind: "claim", queue: "mails", holder, most, leaseMs: LEASE_MS, mostAttempts: 9 }) as const;

test("who waits for messages has them by the commit that keeps them, first come, first served", async () => {
  await using store = new LocalStore();
  const claims = ["first", "second", "third"].map((holder) => store.server.claim(claimOf(holder), HOUR, NEVER));
  await settle();
  const watched = watchCommits(store);
  const client = store.client();
  await Promise.all([client.do(send("mails", "a")), client.do(send("mails", "b"))]);
  const [first, second] = await Promise.all(claims.slice(0, 2));
  expect(watched.commits).toEqual([["send", "send", "claim", "claim"]]);
  expect([first, second].map((messages) => messages?.map(({ attempt }) => attempt))).toEqual([[1], [1]]);
  expect(new Set([first?.[0]?.message, second?.[0]?.message]).size).toBe(2);
  await settle();
  await client.do(send("mails", "c"));
  expect(await claims[2]).toHaveLength(1);
});

test("one who waits for many takes what comes; a delayed message is waited for", async () => {
  await using store = new LocalStore();
  const claimed = store.server.claim(claimOf("first", 8), HOUR, NEVER);
  await settle();
  const watched = watchCommits(store);
  const client = store.client();
  await client.do({ ...send("mails", "later"), delayMs: 1000 });
  expect(watched.commits).toEqual([["send"]]);
  await Promise.all(["a", "b", "c"].map((body) => client.do(send("mails", body))));
  expect(await claimed).toHaveLength(3);
  expect(watched.commits).toEqual([["send"], ["send", "send", "send", "claim"]]);
});

test("a message that was on its way to one who went is another's at once, in its first attempt", async () => {
  await using store = new LocalStore();
  const leaving = new AbortController();
  const left = store.server.claim(claimOf("leaves"), HOUR, leaving.signal);
  await settle();
  const watched = watchCommits(store);
  const held = Promise.withResolvers<void>();
  watched.hold = held.promise;
  const sent = store.client().do(send("mails", "a"));
  await settle();
  leaving.abort();
  held.resolve();
  watched.hold = undefined;
  await sent;
  expect(await left).toEqual([]);
  expect(await store.server.claim(claimOf("stays"), 0, NEVER)).toMatchObject([{ attempt: 1 }]);
});

test("one that is told to end while its message is on its way is answered with it", async () => {
  await using store = new LocalStore();
  const claimed = store.server.claim(claimOf("ends"), HOUR, NEVER);
  await settle();
  const watched = watchCommits(store);
  const held = Promise.withResolvers<void>();
  watched.hold = held.promise;
  const sent = store.client().do(send("mails", "a"));
  await settle();
  store.server.endClaim("ends");
  held.resolve();
  await sent;
  expect(await claimed).toHaveLength(1);
});
