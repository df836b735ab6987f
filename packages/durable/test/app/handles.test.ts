import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { mailbox, post } from "./mailboxes.ts";
import { child, mail, order } from "./shop.ts";

test("its events are shown as values, and follow the run; what its tokens are made of is not among them", async () => {
  await using app = await start(mailbox, post, { time: "virtual", seed: 1 });
  const { id, ...one } = await mailbox.start(undefined, { id: "a" });
  expect(id).toBe("a");
  const seen = Array.fromAsync(one.events());
  await app.advance("5s");
  await one.send("answer", { by: "ann" });
  await one.send("answer", 2n);
  await app.advance("5s");
  const events = await seen;
  expect(events.map(({ n, type }) => [n, type])).toEqual([
    [0, "started"],
    [1, "called"],
    [2, "settled"],
    [3, "called"],
    [4, "received"],
    [5, "called"],
    [6, "received"],
    [7, "ended"],
  ]);
  expect(events[0]).toEqual({
    n: 0,
    type: "started",
    at: expect.any(Date),
    input: undefined,
    chance: expect.any(String),
  });
  expect(events[4]).toMatchObject({ hook: "answer", value: { by: "ann" } });
  expect(events[7]).toMatchObject({ value: [{ by: "ann" }, 2n] });
  expect((await Array.fromAsync(mailbox.run("a").events({ from: 6 }))).map(({ n }) => n)).toEqual([6, 7]);
});

test("a run has children, is as it was at an event, and is forked from there", async () => {
  await using app = await start(order, mail, child, { time: "virtual", seed: 1 });
  const one = await order.start({ to: "ann" }, { id: "1" });
  await app.advance("1m");
  await one.send("approved", "yes");
  await app.advance("2h");
  expect((await one.children()).map(({ program, id, state }) => [program, id, state])).toEqual([
    ["child", "order/1:child#1", "ended"],
    ["child", "order/1:child#2", "ended"],
  ]);
  expect((await one.at(4)).awaited.map(({ name }) => name)).toEqual(["approved", "3d"]);
  const fork = await one.fork({ at: 5, id: "2" });
  expect(await fork.children()).toEqual([]);
  await app.advance("4d");
  expect(await fork.result()).toMatchObject({ said: "nobody" });
  expect(await app.client(mail).sent()).toHaveLength(1);
  await expect(one.at(99)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(one.fork({ at: 99, id: "3" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

test("runs are listed, the latest first, by their state and from one on", async () => {
  await using app = await start(order, mail, child, { time: "virtual", seed: 2 });
  for (const id of ["1", "2", "3"]) await order.start({ to: "ann" }, { id });
  await order.run("2").cancel("no more");
  await app.advance("1m");
  const ids = async (options?: Parameters<typeof order.list>[0]) => (await order.list(options)).map(({ id }) => id);
  expect(await ids()).toEqual(["3", "2", "1"]);
  expect(await ids({ from: "2" })).toEqual(["2", "1"]);
  expect(await ids({ from: "2", limit: 1 })).toEqual(["2"]);
  expect([await ids({ state: "open" }), await ids({ state: "ended" })]).toEqual([["3", "1"], ["2"]]);
  await expect(order.list({ from: "4" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a message to a run that is not there starts it where its input is said, and is NOT_FOUND otherwise", async () => {
  await using app = await start(order, mail, child, { time: "virtual", seed: 3 });
  const one = order.run("1");
  await expect(one.send("approved", "yes")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(one.status()).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(one.children()).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await one.send("approved", "yes", { start: { to: "ann" } })).toEqual({ duplicate: false });
  await app.advance("2h");
  expect(await one.result()).toMatchObject({ said: "yes" });
});

test("a paused run does nothing until it is resumed; a killed one asks nobody", async () => {
  await using app = await start(order, mail, child, { time: "virtual", seed: 4 });
  const [one, other] = [await order.start({ to: "a" }, { id: "1" }), await order.start({ to: "b" }, { id: "2" })];
  await app.advance("1m");
  await one.pause();
  await other.pause();
  await app.advance("5d");
  expect(await one.status()).toMatchObject({ state: "paused", because: "Somebody paused it." });
  await one.resume();
  await other.kill();
  await app.advance("2h");
  expect(await one.result()).toMatchObject({ said: "nobody" });
  await expect(other.result({ timeoutMs: 5000 })).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await other.status()).toMatchObject({ state: "ended", awaited: [] });
});

test("each is a procedure over JSON-RPC: start says whether it created the run", async () => {
  await using app = await start(order, mail, child, { time: "virtual", seed: 5 });
  const ask = (procedure: string, input: unknown) => app.call("order", procedure, input);
  expect(await ask("start", { input: { to: "ann" }, id: "1" })).toEqual({ id: "1", created: true });
  expect(await ask("start", { input: { to: "ann" }, id: "1" })).toEqual({ id: "1", created: false });
  await app.advance("1m");
  expect(await ask("fork", { id: "1", at: 1, newId: "2" })).toEqual({ id: "2", created: true });
  expect(await ask("status", { id: "1" })).toMatchObject({ state: "open" });
  await ask("cancel", { id: "1", reason: "enough" });
  await expect(ask("result", { id: "1" })).rejects.toMatchObject({
    code: "CANCELLED",
    message: expect.stringContaining("enough"),
  });
});
