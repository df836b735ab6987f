import { expect, test } from "vitest";
import { type ClaimRuns, MOST_EVENT_BYTES } from "../run-operations.ts";
import type { TimeSource } from "../store-clock.ts";
import { append, begin, body, claim, event, LEASE_MS, send, startRuns, text } from "./run-rig.ts";
import type { StoreUnderTest } from "./start.ts";

/** What every driver promises of the logs of durable programs. */
export function describeRunLog(name: string, open: (time: TimeSource) => Promise<StoreUnderTest>): void {
  const start = () => startRuns(open);

  test(`${name}: a run is started once, claimed by one, and its events are read in their order`, async () => {
    const { store, driver, client, claimOne, facts } = await start();
    await using _ = store;
    expect(await client.do(begin("a"))).toEqual({ created: true });
    expect(await client.do(begin("a"))).toEqual({ created: false });
    const { run, epoch, length, id } = await claimOne("one");
    expect([id, epoch, length]).toEqual(["a", 1, 1]);
    expect((await client.do(claim("two"))).runs).toEqual([]);
    expect((await client.do(claim("two", { program: "q" }))).runs).toEqual([]);
    await client.do(append(run, epoch, 1, { events: [event("called", 0), event("settled", 0)] }));
    const events = await driver.read({ kind: "run-events", run, from: 0, most: 10 });
    expect(events.map(({ type, command, body: bytes }) => [type, command, text(bytes)])).toEqual([
      ["started", undefined, "started"],
      ["called", 0, "called"],
      ["settled", 0, "settled"],
    ]);
    expect(await driver.read({ kind: "run-events", run, from: 1, most: 1 })).toMatchObject([{ type: "called" }]);
    expect(await facts("a")).toMatchObject({ state: "open", holder: "one", length: 3 });
    expect(await facts("b")).toBeUndefined();
  });

  test(`${name}: large events are read in several answers`, async () => {
    const { store, driver, client, claimOne } = await start();
    await using _ = store;
    await client.do(begin("a"));
    const { run } = await claimOne("one");
    const large = { ...event("settled", 0), body: new Uint8Array(MOST_EVENT_BYTES / 2) };
    const larger = { ...large, body: new Uint8Array(MOST_EVENT_BYTES + 1) };
    await client.do(append(run, 1, 1, { events: [large, large, larger, large] }));
    const counts: number[] = [];
    for (let from = 0; from < 5; from += counts.at(-1) ?? 0) {
      const events = await driver.read({ kind: "run-events", run, from, most: 10 });
      counts.push(events.length);
    }
    expect(counts).toEqual([2, 1, 1, 1]);
  });

  test(`${name}: a run whose owner is not heard of goes to another, and a late append is refused`, async () => {
    const { store, driver, client, claimOne, time } = await start();
    await using _ = store;
    await client.do(begin("a"));
    const first = await claimOne("one");
    time.advance(LEASE_MS - 1);
    expect(await client.do(claim("two"))).toMatchObject({ runs: [], nextInMs: 1 });
    await client.do({ kind: "keep-runs", holder: "one", leaseMs: LEASE_MS });
    time.advance(LEASE_MS - 1);
    expect((await client.do(claim("two"))).runs).toEqual([]);
    time.advance(1);
    const second = await claimOne("two");
    expect(second).toMatchObject({ run: first.run, epoch: first.epoch + 1, length: 1 });
    await client.do(append(second.run, second.epoch, 1, { events: [event("called", 0)] }));
    const late = append(first.run, first.epoch, 1, { events: [event("late", 0)] });
    expect(await client.refusal(late)).toBe("ABORTED");
    expect(await client.refusal({ ...late, length: 2 })).toBe("ABORTED");
    // Nor another by the owner itself, in the same place; the same again was done.
    expect(await client.refusal(append(second.run, second.epoch, 1, { events: [event("other", 0)] }))).toBe("ABORTED");
    await client.do(append(second.run, second.epoch, 1, { events: [event("called", 0)] }));
    const events = await driver.read({ kind: "run-events", run: first.run, from: 0, most: 10 });
    expect(events.map(({ type }) => type)).toEqual(["started", "called"]);
  });

  test(`${name}: a run may begin in the hands of whoever starts it; that start again is the same, another is not`, async () => {
    const { store, client, claimOne, facts, time } = await start();
    await using _ = store;
    const owner = { holder: "one", leaseMs: LEASE_MS };
    const mine = { ...begin("a"), more: [event("called", 0)], owner };
    const { run, created } = await client.do(mine);
    expect(created).toBe(true);
    expect(await facts("a")).toMatchObject({ run, epoch: 1, length: 2, holder: "one", state: "open" });
    expect(await client.do(mine)).toEqual({ created: true, run });
    expect(await client.do({ ...mine, event: { ...event("started"), body: body("another") } })).toEqual({
      created: false,
    });
    expect(await client.do({ ...mine, owner: { holder: "two", leaseMs: LEASE_MS } })).toEqual({ created: false });
    expect((await client.do(claim("two"))).runs).toEqual([]);
    await client.do(append(run ?? 0, 1, 2, { events: [event("settled", 0)] }));
    expect(await client.do(mine)).toEqual({ created: false });
    // Who is not heard of any more loses it.
    time.advance(LEASE_MS);
    expect(await claimOne("two")).toMatchObject({ run, epoch: 2, length: 3 });
  });

  test(`${name}: what ends a run may come again, and tells nobody twice`, async () => {
    const { store, client, claimOne } = await start();
    await using _ = store;
    await client.do(begin("parent"));
    const parent = await claimOne("one");
    await client.do(begin("child"));
    const { run } = await claimOne("one");
    const tell = { program: "p", id: "parent", key: "child 0", body: body("over") };
    const end = append(run, 1, 1, { events: [event("ended")], next: { state: "ended", tell } });
    await client.do(end);
    await client.do(end);
    expect((await client.do(claim("one"))).messages.map((message) => message.run)).toEqual([parent.run]);
    expect(await client.refusal({ ...end, events: [event("other")] })).toBe("ABORTED");
  });

  test(`${name}: a message that came to the owner itself has a key as others have, and waits for those in the inbox`, async () => {
    const { store, driver, client, claimOne } = await start();
    await using _ = store;
    await client.do(begin("a"));
    const { run } = await claimOne("one");
    const received = (length: number, key: string, taken: readonly number[] = []) =>
      ({
        ...append(run, 1, length, { events: [event("received")], taken }),
        direct: [{ key }, { key: undefined }],
      }) as const;
    await client.do(received(1, "k"));
    await client.do(received(1, "k"));
    expect(await client.do(send("a", "k"))).toMatchObject({ duplicate: true });
    expect(await client.refusal(received(2, "k"))).toBe("ABORTED");
    await client.do(send("a", "m"));
    expect(await client.refusal(received(2, "l"))).toBe("ABORTED");
    const [message] = (await client.do(claim("one"))).messages;
    await client.do(received(2, "l", [message?.number ?? 0]));
    expect(await driver.read({ kind: "run-events", run, from: 0, most: 10 })).toHaveLength(3);
    expect((await client.do(claim("one"))).messages).toEqual([]);
  });

  test(`${name}: a resting run is claimed when its time has come, or a message has`, async () => {
    const { store, client, claimOne, time } = await start();
    await using _ = store;
    await client.do(begin("a"));
    const first = await claimOne("one");
    await client.do(append(first.run, 1, 1, { next: { state: "resting", wakeInMs: 10_000 } }));
    expect(await client.do(claim("one"))).toMatchObject({ runs: [], nextInMs: 10_000 });
    time.advance(9_999);
    expect((await client.do(claim("one"))).runs).toEqual([]);
    time.advance(1);
    const second = await claimOne("two");
    await client.do(append(second.run, 2, 1, { next: { state: "resting", wakeInMs: undefined } }));
    expect((await client.do(claim("one"))).runs).toEqual([]);
    expect(await client.do(send("a"))).toEqual({ duplicate: false, holder: undefined });
    const third = await claimOne("one");
    expect(third.messages.map((message) => text(message.body))).toEqual(["m"]);
    // A message that comes while its owner puts it to rest wakes it.
    await client.do(append(third.run, 3, 1, { next: { state: "resting", wakeInMs: undefined } }));
    expect((await claimOne("one")).messages).toHaveLength(1);
  });

  test(`${name}: messages come to the owner in their order until they are taken; a key is refused twice, also when it was`, async () => {
    const { store, client, claimOne } = await start();
    await using _ = store;
    await client.do(begin("a"));
    const { run } = await claimOne("one");
    await client.do(send("a", "k"));
    expect(await client.do(send("a", "k"))).toEqual({ duplicate: true, holder: "one" });
    await client.do(send("a"));
    const { messages } = await client.do(claim("one"));
    expect(messages.map((message) => [message.run, text(message.body)])).toEqual([
      [run, "k"],
      [run, "m"],
    ]);
    expect((await client.do(claim("one", { after: messages[0]!.number }))).messages).toEqual([messages[1]]);
    expect((await client.do(claim("two"))).messages).toEqual([]);
    await client.do(append(run, 1, 1, { events: [event("received")], taken: [messages[0]!.number] }));
    expect((await client.do(claim("one"))).messages).toEqual([messages[1]]);
    expect(await client.do(send("a", "k"))).toMatchObject({ duplicate: true });
    expect(await client.refusal(send("b"))).toBe("NOT_FOUND");
  });

  test(`${name}: a run that is over is claimed no more, and takes no message`, async () => {
    const { store, driver, client, claimOne, time, facts } = await start();
    await using _ = store;
    await client.do(begin("a"));
    await client.do(begin("b"));
    await client.do(
      append((await client.do(claim("one", { most: 1 }))).runs[0]!.run, 1, 1, {
        next: { state: "ended", tell: undefined },
      }),
    );
    expect(await facts("a")).toMatchObject({ state: "ended", holder: undefined });
    expect((await claimOne("one")).id).toBe("b");
    time.advance(LEASE_MS);
    expect((await claimOne("one")).id).toBe("b");
    expect(await client.refusal(send("a"))).toBe("FAILED_PRECONDITION");
    const list = async (state: "open" | "ended" | undefined) =>
      (await driver.read({ kind: "runs", program: "p", state, before: undefined, most: 10 })).map(({ id }) => id);
    expect([await list(undefined), await list("open"), await list("ended")]).toEqual([["b", "a"], ["b"], ["a"]]);
  });

  test(`${name}: a paused run says why, takes messages, and goes on when it is resumed`, async () => {
    const { store, client, claimOne, facts } = await start();
    await using _ = store;
    await client.do(begin("a"));
    const { run } = await claimOne("one");
    await client.do(append(run, 1, 1, { next: { state: "paused", because: "diverged" } }));
    expect(await facts("a")).toMatchObject({ state: "paused", because: "diverged", holder: undefined });
    await client.do(send("a"));
    expect((await client.do(claim("one"))).runs).toEqual([]);
    expect(await client.do({ kind: "resume-run", program: "p", id: "a" })).toEqual({ resumed: true });
    expect(await client.do({ kind: "resume-run", program: "p", id: "a" })).toEqual({ resumed: false });
    expect(await claimOne("one")).toMatchObject({ run, epoch: 2, messages: [{ run }] });
    expect(await client.refusal({ kind: "resume-run", program: "p", id: "b" })).toBe("NOT_FOUND");
  });

  test(`${name}: an owner that missed an answer is told which runs are its`, async () => {
    const { store, client, claimOne } = await start();
    await using _ = store;
    await client.do(begin("a"));
    const { run } = await claimOne("one");
    expect((await client.do(claim("one", { known: [run] }))).runs).toEqual([]);
    expect((await client.do(claim("one", { known: [] }))).runs).toMatchObject([{ run, epoch: 1 }]);
  });

  test(`${name}: the end of a run tells whoever waits for it in the same commit, once`, async () => {
    const { store, client, claimOne } = await start();
    await using _ = store;
    await client.do(begin("parent"));
    const parent = await claimOne("one");
    await client.do(begin("child"));
    const child = await claimOne("two");
    const tell = { program: "p", id: "parent", key: "child 0", body: body("over") };
    const end = append(child.run, 1, 1, { next: { state: "ended", tell } });
    expect(await client.do(end)).toMatchObject({ told: { program: "p", holder: "one" } });
    expect(await client.refusal(end)).toBe("ABORTED");
    const { messages } = await client.do(claim("one"));
    expect(messages.map((message) => [message.run, text(message.body)])).toEqual([[parent.run, "over"]]);
    await client.do(begin("orphan"));
    const orphan = await claimOne("two");
    const nobody = { ...tell, id: "nobody" };
    expect(await client.do(append(orphan.run, 1, 1, { next: { state: "ended", tell: nobody } }))).toEqual({
      told: undefined,
      freed: false,
      cancelled: [],
    });
  });

  test(`${name}: runs of one slot begin as the limit lets them, in their order, also when an owner dies`, async () => {
    const { store, client, time, facts } = await start();
    await using _ = store;
    const inSlot = (id: string, slot = "ann") => ({ ...begin(id), slot });
    const claimed = async (holder: string, options: Partial<ClaimRuns> = {}) =>
      (await client.do({ ...claim(holder), limit: 2, ...options })).runs.map(({ id }) => id);
    for (const id of ["a", "b", "c", "d", "e"]) await client.do(inSlot(id));
    await client.do(inSlot("x", "bob"));
    expect(await facts("a")).toMatchObject({ slot: "ann" });
    expect(await claimed("one")).toEqual(["a", "b", "x"]);
    expect(await client.do({ ...claim("one"), limit: 2 })).toMatchObject({ runs: [] });
    // What rests, or is paused, may keep its place.
    const a = (await facts("a"))!;
    await client.do(append(a.run, 1, 1, { next: { state: "resting", wakeInMs: undefined, keepsPlace: true } }));
    expect(await claimed("two")).toEqual([]);
    const b = (await facts("b"))!;
    await client.do(append(b.run, 1, 1, { next: { state: "paused", because: "why", keepsPlace: true } }));
    expect(await claimed("two")).toEqual([]);
    await client.do({ kind: "resume-run", program: "p", id: "b" });
    expect(await claimed("two")).toEqual(["b"]);
    const ended = { state: "ended", tell: undefined } as const;
    expect(await client.do(append(b.run, 2, 1, { next: ended }))).toMatchObject({ freed: true });
    expect(await claimed("two")).toEqual(["c"]);
    // The owner of a run that has begun dies: its place is not free, and the run is another's.
    await client.do(send("a"));
    expect(await claimed("two")).toEqual(["a"]);
    time.advance(LEASE_MS);
    expect((await claimed("three")).toSorted()).toEqual(["a", "c", "x"]);
    // A message wakes nobody who waits for its turn, but an urgent one does.
    await client.do(send("d"));
    expect(await claimed("three")).toEqual([]);
    await client.do({ ...send("e"), isUrgent: true });
    expect(await claimed("three")).toEqual(["e"]);
    // That took no place. A new owner has another limit, or none.
    expect(await claimed("four", { limit: 2, first: { keepMs: null } })).toEqual([]);
    expect(await claimed("four", { limit: 3, first: { keepMs: null } })).toEqual(["d"]);
  });

  test(`${name}: a slot that is full takes no more`, async () => {
    const { store, client } = await start();
    await using _ = store;
    const bounded = (id: string, slot: string) => ({ ...begin(id), slot, mostInSlot: 2 });
    expect(await client.do(bounded("a", "ann"))).toEqual({ created: true });
    expect(await client.do(bounded("b", "ann"))).toEqual({ created: true });
    expect(await client.do(bounded("a", "ann"))).toEqual({ created: false });
    expect(await client.refusal(bounded("c", "ann"))).toBe("OVERLOADED");
    expect(await client.do(bounded("c", "bob"))).toEqual({ created: true });
    const { runs } = await client.do({ ...claim("one"), limit: 1 });
    expect(runs.map(({ id }) => id)).toEqual(["a", "c"]);
    await client.do(append(runs[0]!.run, 1, 1, { next: { state: "ended", tell: undefined } }));
    expect(await client.do(bounded("d", "ann"))).toEqual({ created: true });
  });
}
