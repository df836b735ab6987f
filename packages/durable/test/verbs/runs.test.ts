import { createSystemClock } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { Runs } from "../../src/owner/runs.ts";
import { runs } from "../../src/verbs/runs.ts";
import { createApp } from "./rig.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const wrong = (message: RegExp | string) =>
  expect.objectContaining({ code: "WRONG_USE", message: expect.stringMatching(message) });

test("runs are listed, the latest first, as many as are asked for of each program, those of one, or of a state", async () => {
  const { store, type } = await createApp(3);
  await using _ = store;
  const ids = async (flags = {}) => (await type(runs, [], flags)).lines[0].runs.map(({ id }: { id: string }) => id);
  expect((await type(runs)).lines[0].runs[0]).toEqual({
    program: "order",
    id: "order/2",
    state: "open",
    events: 1,
    startedAt: expect.stringMatching(TIME),
  });
  expect((await ids()).toSorted()).toEqual(["order/0", "order/1", "order/2"]);
  expect(await ids({ limit: "2" })).toEqual(["order/2", "order/1"]);
  expect(await ids({ program: "other" })).toEqual([]);
  expect(await ids({ state: "ended" })).toEqual([]);
  expect(await ids({ state: "open" })).toHaveLength(3);
  const { rows, lines } = await type(runs, [], { limit: "1" }, { json: false });
  expect(lines).toEqual([]);
  expect(rows).toEqual([
    ["PROGRAM", "ID", "STATE", "EVENTS", "STARTED", "ENDED", ""],
    ["order", "order/2", "open", "1", expect.stringMatching(TIME), "", ""],
  ]);
});

test("a run is shown with what it is, and its timeline", async () => {
  const { store, type } = await createApp(1);
  await using _ = store;
  const [shown] = (await type(runs, ["order/0"])).lines;
  expect(shown).toMatchObject({ program: "order", id: "order/0", state: "open" });
  expect(shown.timeline[0]).toMatchObject({ n: 0, what: expect.any(String) });
  const { lines, rows } = await type(runs, ["order/0"], {}, { json: false });
  expect(lines).toEqual([expect.stringMatching(/^order order\/0: open; started \d{4}-.*Z$/)]);
  expect(rows[0]).toEqual(["N", "WHEN", "TOOK", "WHAT", ""]);
  expect(rows[1]?.[0]).toBe("0");
  const [event] = (await type(runs, ["order/0", "events"])).lines;
  expect(event).toMatchObject({ n: 0, type: "started", input: 0 });
});

test("a run is told what is typed, and its user what became of it", async () => {
  const { store, type } = await createApp(1);
  await using _ = store;
  const say = async (words: string[], flags = {}) =>
    (await type(runs, ["order/0", ...words], flags, { json: false })).shown[0];
  const json = async (words: string[], flags = {}) => (await type(runs, ["order/0", ...words], flags)).lines[0];
  expect(await say(["pause"])).toBe("order/0 does nothing more until it is resumed.");
  expect(await json(["pause"])).toEqual({ id: "order/0", paused: true });
  expect(await say(["resume"])).toBe("order/0 is not paused.");
  expect(await json(["resume"])).toEqual({ id: "order/0", resumed: false });
  expect(await say(["send", "paid", "7"], { key: "k" })).toBe("Sent to hook paid of order/0.");
  expect(await say(["send", "paid", "7"], { key: "k" })).toBe("One of that key was there before.");
  expect(await json(["send", "paid"])).toEqual({ id: "order/0", hook: "paid", duplicate: false });
  expect(await say(["cancel", "no more"])).toBe("order/0 is told to end: its finally blocks have 30 s.");
  expect(await json(["cancel"])).toEqual({ id: "order/0", cancelled: true });
  expect(await json(["kill"])).toEqual({ id: "order/0", killed: true });
  expect(await say(["kill"])).toBe("order/0 ends at once.");
});

test("a run is forked with its first events, under a name of its own or of the user's", async () => {
  const { store, type } = await createApp(1);
  await using _ = store;
  const fork = async (flags: Record<string, string>) => (await type(runs, ["order/0", "fork"], flags)).lines[0];
  expect(await fork({ at: "1" })).toMatchObject({ id: "order/0/fork-1", created: true });
  expect(await fork({ at: "1", as: "mine" })).toMatchObject({ id: "mine", created: true });
  const again = await type(runs, ["order/0", "fork"], { at: "1", as: "mine" }, { json: false });
  expect(again.shown).toEqual(["There is a run mine already."]);
  const other = await type(runs, ["order/0", "fork"], { at: "1", as: "other" }, { json: false });
  expect(other.shown).toEqual(["Started other with 1 events of order/0."]);
  await expect(fork({})).rejects.toThrow(wrong("fork --at=N"));
  await expect(fork({ at: "one" })).rejects.toThrow(wrong("^--at is one, and should be a whole number\\.$"));
  await expect(fork({ at: "2" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

test("what cannot be is refused, and says what can", async () => {
  const { store, type } = await createApp(1);
  await using _ = store;
  await new Runs(store.client(), createSystemClock(), "other").start("order/0", 1);
  await expect(type(runs, ["gone"])).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: 'There is no run "gone" of order, other: see runs without a word.',
  });
  await expect(type(runs, ["order/0"])).rejects.toThrow(
    wrong('^Several programs have a run "order/0": say --program, of order, other\\.$'),
  );
  expect((await type(runs, ["order/0"], { program: "other" })).lines[0]).toMatchObject({ program: "other" });
  await expect(type(runs, [], { program: "none" })).rejects.toThrow(
    wrong('^There is no durable program "none". There are order, other\\.$'),
  );
  await expect(type(runs, ["order/0", "stop"])).rejects.toThrow(wrong('^runs does no "stop"; it does events, cancel,'));
  await expect(type(runs, [], { state: "gone" })).rejects.toThrow(
    wrong("^--state is gone, and should be one of open, paused, ended\\.$"),
  );
  await expect(type(runs, [], { limit: "-1" })).rejects.toThrow(wrong("^--limit is -1"));
  const program = { program: "order" };
  for (const words of [["events", "x"], ["send"], ["send", "a", "1", "x"], ["cancel", "a", "b"], ["kill", "x"]])
    await expect(type(runs, ["order/0", ...words], program)).rejects.toThrow(wrong(`^It is runs ID ${words[0]}`));
  for (const words of [
    ["pause", "x"],
    ["resume", "x"],
    ["fork", "x"],
  ])
    await expect(type(runs, ["order/0", ...words], program)).rejects.toThrow(wrong(`^It is runs ID ${words[0]}`));
});
