import { expect, test } from "vitest";
import type { RunEvent } from "../../src/store/contract/run-operations.ts";
import type { ClaimedRuns } from "../../src/store/server/run-waits.ts";
import { LocalStore, settle } from "../local-link.ts";

const LEASE_MS = 4000;
const event: RunEvent = { type: "started", command: undefined, at: 1, body: new Uint8Array(1) };

/** A store, and owners that wait for an hour. */
function createWorld() {
  const store = new LocalStore();
  const client = store.client();
  const signal = new AbortController().signal;
  const claim = (holder: string): Promise<ClaimedRuns> =>
    client.link.claimRuns(
      { kind: "claim-runs", program: "p", holder, most: 10, leaseMs: LEASE_MS, after: 0, known: undefined },
      3_600_000,
      signal,
    );
  const begin = (id: string) => client.do({ kind: "start-run", program: "p", id, event });
  const follow = (until: "events" | "ended") =>
    client.link.followRun({ program: "p", id: "a", from: 1, most: 10, until }, 3_600_000);
  const append = (run: number, next: { state: "owned" } | { state: "ended"; tell: undefined }, length: number) =>
    client.do({ kind: "append-run", program: "p", run, epoch: 1, length, events: [event], taken: [], next });
  return { store, client, claim, begin, follow, append };
}

test("who waits for runs is woken by one that starts, and by one whose owner is not heard of any more", async () => {
  const { store, client, claim, begin } = createWorld();
  await using _ = store;
  const first = claim("one");
  const second = claim("two");
  await settle();
  await begin("a");
  expect((await first).runs).toMatchObject([{ id: "a", epoch: 1 }]);
  store.time.advance(3000);
  await client.do({ kind: "keep-runs", holder: "one", leaseMs: LEASE_MS });
  store.time.advance(LEASE_MS - 1);
  await settle();
  const early = await Promise.race([second, settle().then(() => "waits")]);
  expect(early).toBe("waits");
  store.time.advance(1);
  expect((await second).runs).toMatchObject([{ id: "a", epoch: 2 }]);
});

test("an owner that waits is woken by a message for its run, and by one that rests and comes due", async () => {
  const { store, client, claim, begin } = createWorld();
  await using _ = store;
  await begin("a");
  const run = (await claim("one")).runs[0]?.run ?? 0;
  const waiting = claim("one");
  await settle();
  await client.do({ kind: "send-run", program: "p", id: "a", key: undefined, body: new Uint8Array([7]) });
  expect(await waiting).toMatchObject({ runs: [], messages: [{ run, body: new Uint8Array([7]) }] });
  const [number] = (await claim("one")).messages.map((message) => message.number);
  const next = { state: "resting", wakeInMs: 10_000 } as const;
  const resting = claim("two");
  await settle();
  await client.do({
    kind: "append-run",
    program: "p",
    run,
    epoch: 1,
    length: 1,
    events: [],
    taken: [number ?? 0],
    next,
  });
  await settle();
  store.time.advance(10_000);
  expect((await resting).runs).toMatchObject([{ run, epoch: 2 }]);
});

test("all who follow a run are told of its events, and of its end", async () => {
  const { store, claim, begin, follow, append } = createWorld();
  await using _ = store;
  await begin("a");
  const run = (await claim("one")).runs[0]?.run ?? 0;
  const followers = [follow("events"), follow("events"), follow("ended")];
  await settle();
  await append(run, { state: "owned" }, 1);
  expect(await followers[0]).toMatchObject({ facts: { length: 2, state: "open" }, events: [{ type: "started" }] });
  expect(await followers[1]).toMatchObject({ facts: { length: 2 } });
  await append(run, { state: "ended", tell: undefined }, 2);
  expect(await followers[2]).toMatchObject({ facts: { state: "ended", length: 3 }, from: 2, events: [{}] });
});

test("what starts in the commit that tells an owner of nothing wakes it all the same", async () => {
  const { store, claim } = createWorld();
  await using _ = store;
  const claiming = claim("one");
  // Behind the claim, and in the same commit.
  await store.server.own({ kind: "start-run", program: "p", id: "a", event });
  const claimed = await Promise.race([claiming, settle().then(() => undefined)]);
  expect(claimed?.runs).toMatchObject([{ id: "a", epoch: 1 }]);
});
