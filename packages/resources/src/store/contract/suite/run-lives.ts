import { expect, test } from "vitest";
import type { ClaimRuns, RunEvent } from "../run-operations.ts";
import type { TimeSource } from "../store-clock.ts";
import { append, begin, body, claim, event, LEASE_MS, send, startRuns, text } from "./run-rig.ts";
import type { StoreUnderTest } from "./start.ts";

const ended = { state: "ended", tell: undefined } as const;
const sweep = { kind: "sweep", deadLetterMs: 1 } as const;

/** What every driver promises of how runs begin, begin anew, are cancelled together, and are forgotten. */
export function describeRunLives(name: string, open: (time: TimeSource) => Promise<StoreUnderTest>): void {
  const start = () => startRuns(open);

  test(`${name}: a log begins anew with the last events; inbox, keys and the numbers of events go on`, async () => {
    const { store, driver, client, claimOne, facts } = await start();
    await using _ = store;
    await client.do(begin("a"));
    const { run } = await claimOne("one");
    await client.do(send("a", "k"));
    await client.do(send("a", "later"));
    const [first] = (await client.do(claim("one"))).messages;
    const events = [event("called", 0), event("received"), event("started"), event("received")];
    const next = { state: "continued", keeps: 2 } as const;
    await client.do(append(run, 1, 1, { events, taken: [first!.number], next }));
    expect(await facts("a")).toMatchObject({ state: "open", holder: undefined, first: 3, length: 5 });
    const left = await driver.read({ kind: "run-events", run, from: 0, most: 10 });
    expect(left.map(({ type }) => type)).toEqual(["started", "received"]);
    expect(await client.do(send("a", "k"))).toMatchObject({ duplicate: true });
    const again = await claimOne("two");
    expect(again).toMatchObject({ run, epoch: 2, first: 3, length: 5 });
    expect(again.messages.map((message) => text(message.body))).toEqual(["later"]);
    expect(await client.refusal(append(run, 1, 5, { events: [event("late")] }))).toBe("ABORTED");
  });

  test(`${name}: runs that are over are forgotten after as long as their program says, in bounded pieces`, async () => {
    const { store, driver, client, time, facts } = await start();
    await using _ = store;
    const many: RunEvent[] = Array.from({ length: 2500 }, (_, n) => event("called", n));
    for (const id of ["a", "b", "open"]) await client.do({ ...begin(id), ...(id === "a" ? { more: many } : {}) });
    await client.do({ ...begin("other"), program: "q" });
    const { runs } = await client.do({ ...claim("one"), first: { keepMs: 60_000 } });
    await client.do({ ...claim("one", { program: "q" }), first: { keepMs: null } });
    const [a, b] = runs;
    await client.do(append(a!.run, 1, 2501, { next: ended }));
    await client.do(send("b", "k"));
    await client.do(append(b!.run, 1, 1, { next: ended }));
    const q = (await driver.read({ kind: "run", program: "q", id: "other" }))!;
    await client.do({ ...append(q.run, 1, 1, { next: ended }), program: "q" });
    time.advance(59_999);
    expect(await client.do(sweep)).toEqual({ more: false });
    expect(await facts("a")).toMatchObject({ first: 0, length: 2501 });
    time.advance(1);
    expect([await client.do(sweep), await client.do(sweep), await client.do(sweep)]).toEqual([
      { more: true },
      { more: true },
      { more: false },
    ]);
    expect([await facts("a"), await facts("b")]).toEqual([undefined, undefined]);
    expect(await driver.read({ kind: "run-events", run: a!.run, from: 0, most: 10 })).toEqual([]);
    expect(await facts("open")).toMatchObject({ state: "open" });
    expect(await driver.read({ kind: "run", program: "q", id: "other" })).toMatchObject({ state: "ended" });
    // Its id is another run's now, and so is the key of its message.
    expect(await client.do(begin("b"))).toEqual({ created: true });
    expect(await client.do(send("b", "k"))).toMatchObject({ duplicate: false });
    expect((await facts("b"))!.run).not.toBe(b!.run);
  });

  test(`${name}: whoever cancels a run cancels in the same commit those that its commands before it began`, async () => {
    const { store, client, claimOne } = await start();
    await using _ = store;
    const under = (id: string, parent: string, command: number) =>
      client.do({ ...begin(id), parent: { program: "p", id: parent, command, cancel: body("late") } });
    await client.do(begin("parent"));
    const { run } = await claimOne("one");
    await client.do(append(run, 1, 1, { events: [event("called", 0), event("called", 1)] }));
    await under("child", "parent", 0);
    const child = await claimOne("two");
    await under("waiting", "parent", 0);
    await under("grandchild", "child", 0);
    await client.do(begin("alone"));
    const cancelsChildren = { before: 3, cancel: body("cancel") };
    const events = [event("cancelled"), event("called", 2)];
    const done = await client.do({ ...append(run, 1, 3, { events }), cancelsChildren });
    expect(done.cancelled?.toSorted((one) => (one.holder === undefined ? 1 : -1))).toEqual([
      { program: "p", holder: "two" },
      { program: "p" },
    ]);
    const { messages, runs: early } = await client.do(claim("two"));
    expect(messages.map((message) => [message.run, text(message.body)])).toEqual([[child.run, "cancel"]]);
    // Whose start was on its way is cancelled, too; not what the program begins since.
    await under("late", "parent", 1);
    await under("cleanup", "parent", 2);
    const { runs: late } = await client.do(claim("three"));
    expect([...early, ...late].map(({ id, messages }) => [id, messages.map((message) => text(message.body))])).toEqual(
      expect.arrayContaining([
        ["waiting", ["cancel"]],
        ["late", ["late"]],
        ["cleanup", []],
        ["grandchild", []],
        ["alone", []],
      ]),
    );
  });

  test(`${name}: runs begin by their priority, then in the order of their start, and so does who waits for a place`, async () => {
    const { store, client } = await start();
    await using _ = store;
    const of = (id: string, priority?: number) => ({ ...begin(id), slot: "s", priority });
    for (const [id, priority] of [["a"], ["low", -1], ["high", 5.5], ["b"]] as const) {
      await client.do(of(id, priority));
    }
    const claimed = async (most = 1, limit = 2) => {
      const { runs, nextInMs } = await client.do({ ...claim("one", { most }), limit });
      return [runs.map(({ id }) => id), nextInMs] as const;
    };
    expect(await claimed()).toEqual([["high"], 0]);
    const [[next]] = await claimed(10);
    expect(next).toBe("a");
    await client.do(of("top", 9));
    expect(await claimed(10)).toEqual([[], undefined]);
    const { run } = (await store.driver.read({ kind: "run", program: "p", id: "high" }))!;
    expect(await client.do(append(run, 1, 1, { next: ended }))).toMatchObject({ freed: true });
    expect(await claimed(10)).toEqual([["top"], undefined]);
  });

  test(`${name}: a run that rests gives its place away, and takes one before those that have not begun`, async () => {
    const { store, client, time, facts } = await start();
    await using _ = store;
    const inSlot = (id: string) => ({ ...begin(id), slot: "s", mostInSlot: 3 });
    const claimed = async (holder = "one", options: Partial<ClaimRuns> = {}) =>
      (await client.do({ ...claim(holder), limit: 1, ...options })).runs.map(({ id }) => id);
    for (const id of ["a", "b", "c"]) await client.do(inSlot(id));
    expect(await claimed()).toEqual(["a"]);
    const { run } = (await facts("a"))!;
    expect(await client.refusal(inSlot("d"))).toBe("OVERLOADED");
    const resting = { state: "resting", wakeInMs: 1000 } as const;
    expect(await client.do(append(run, 1, 1, { next: resting }))).toMatchObject({ freed: true });
    expect(await client.do(inSlot("d"))).toEqual({ created: true });
    expect(await claimed()).toEqual(["b"]);
    time.advance(1000);
    expect(await claimed()).toEqual([]);
    const b = (await facts("b"))!.run;
    expect(await client.do(append(b, 1, 1, { next: ended }))).toMatchObject({ freed: true });
    expect(await claimed()).toEqual(["a"]);
    // The owner of a place dies: the place stays its run's.
    time.advance(LEASE_MS);
    expect(await claimed("two")).toEqual(["a"]);
    // What is urgent needs no place.
    await client.do(append(run, 3, 1, { next: { state: "paused", because: "why" } }));
    expect(await claimed("two")).toEqual(["c"]);
    await client.do({ ...send("a"), isUrgent: true });
    await client.do({ kind: "resume-run", program: "p", id: "a" });
    expect(await claimed("two")).toEqual(["a"]);
  });

  test(`${name}: no more runs begin in any time than the rate says; those that have begun go on`, async () => {
    const { store, client, time, facts } = await start();
    await using _ = store;
    const rate = { limit: 2, perMs: 1000 };
    const claimed = async (holder = "one") => {
      const { runs, nextInMs } = await client.do({ ...claim(holder, { most: 3 }), rate });
      return [runs.map(({ id }) => id), nextInMs] as const;
    };
    for (const id of ["a", "b", "c", "d", "e"]) await client.do(begin(id));
    time.advance(10);
    expect(await claimed()).toEqual([["a", "b"], 1000]);
    time.advance(400);
    expect(await claimed("two")).toEqual([[], 600]);
    const { run } = (await facts("a"))!;
    await client.do(append(run, 1, 1, { next: { state: "resting", wakeInMs: 0 } }));
    expect((await claimed())[0]).toEqual(["a"]);
    await client.do({ ...send("e"), isUrgent: true });
    expect((await claimed())[0]).toEqual(["e"]);
    time.advance(600);
    expect(await claimed()).toEqual([["c", "d"], undefined]);
  });

  test(`${name}: contents say how many runs of which program there are; dropped, they are gone`, async () => {
    const { store, driver, client, facts } = await start();
    await using _ = store;
    for (const id of ["a", "b", "c", "d"]) await client.do(begin(id));
    await client.do({ ...begin("a"), program: "q" });
    const [a, b] = (await client.do(claim("one", { most: 2 }))).runs;
    await client.do(append(a!.run, 1, 1, { next: ended }));
    await client.do(append(b!.run, 1, 1, { next: { state: "paused", because: "why" } }));
    const { runs } = await driver.read({ kind: "contents" });
    expect(runs).toEqual([
      { name: "p", open: 2, paused: 1, ended: 1, bytes: 28 },
      { name: "q", open: 1, paused: 0, ended: 0, bytes: 7 },
    ]);
    expect(await client.do({ kind: "drop", what: "runs", name: "p" })).toEqual({ count: 4 });
    expect(await facts("c")).toBeUndefined();
    expect((await driver.read({ kind: "contents" })).runs.map(({ name }) => name)).toEqual(["q"]);
  });
}
