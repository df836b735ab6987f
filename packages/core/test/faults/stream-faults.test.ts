import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test, vi } from "vitest";
import { Sent, startOne, takeAll, upTo } from "./streams-rig.ts";

vi.setConfig({ testTimeout: 60_000 });

/** What is made ahead of whoever takes it, and some that are just being taken. */
const MOST_AHEAD = 64 + 10;
const MANY = 1_000_000;

test("a replica that is killed in the middle of a stream is UNAVAILABLE after the items that came", async () => {
  await using one = await startOne();
  const host = one.processes.caller();
  const taken = (item: unknown) => item === 9 && one.replica.child.kill("SIGKILL");
  const { items, error } = await takeAll(host, "make", { id: "killed", count: 10, last: "wait" }, { taken });
  expect(items).toEqual(upTo(10));
  expect(error).toMatchObject({ code: "UNAVAILABLE", path: ["streams.0"] });
});

test("a replica that is killed while it takes a stream is UNAVAILABLE, and what is sent is ended", async () => {
  await using one = await startOne();
  const host = one.processes.caller();
  const sent = new Sent("killed", MANY);
  const call = host.call("streams", "take", sent, {});
  call.catch(() => {});
  await vi.waitUntil(() => sent.made > 200);
  one.replica.child.kill("SIGKILL");
  await expect(call).rejects.toMatchObject({ code: "UNAVAILABLE", path: ["streams.0"] });
  await vi.waitUntil(() => sent.state === "ended");
  // Of one that nobody takes, nothing is made.
  const endless = new Sent("gone", MANY);
  await expect(host.call("streams", "take", endless, { timeoutMs: 300 })).rejects.toMatchObject({
    code: "UNAVAILABLE",
    unsent: true,
  });
  expect(endless.state).toBe("unused");
});

test("whoever takes a stream and stops reading has its deadline; the handler is a window ahead at most, and is ended", async () => {
  await using one = await startOne();
  const host = one.processes.caller();
  const taken = (item: unknown) => {
    if (item === 99) one.proxy.faults.stuffed = true;
  };
  const { items, error } = await takeAll(host, "make", { id: "stuffed", count: MANY }, { timeoutMs: 1500, taken });
  expect(items).toEqual(upTo(items.length));
  expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED", path: ["streams.0"] });
  const fate = await one.fate("stuffed");
  expect(fate).toMatchObject({ aborted: true, ended: "returned" });
  expect(fate.items).toBeLessThan(items.length + MOST_AHEAD);
});

test("a replica that is stopped while it takes a stream gets no more than a window of it", async () => {
  await using one = await startOne();
  const host = one.processes.caller();
  const { child } = one.replica;
  const sent = new Sent("stopped", MANY);
  try {
    const call = host.call("streams", "take", sent, { timeoutMs: 2000 });
    call.catch(() => {});
    await vi.waitUntil(() => sent.made > 200);
    child.kill("SIGSTOP");
    // Made ahead until the window is full; then no more.
    let made = -1;
    await vi.waitUntil(
      () => {
        const stands = made === sent.made;
        made = sent.made;
        return stands;
      },
      { interval: 200 },
    );
    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", path: ["streams.0"] });
    expect(sent.made).toBe(made);
    expect(sent.state).toBe("ended");
  } finally {
    child.kill("SIGCONT");
  }
  const fate = await one.fate("stopped");
  expect(fate).toMatchObject({ aborted: true, ended: expect.stringMatching(/CANCELLED|DEADLINE_EXCEEDED/) });
  expect(sent.made).toBeLessThan(fate.items + 2 * MOST_AHEAD);
});

test("leaving the loop ends the handler, and its signal aborts", async () => {
  await using one = await startOne();
  const host = one.processes.caller();
  const left = async (id: string, last: "wait" | undefined) => {
    const wanted = { id, count: last === "wait" ? 5 : MANY, ...(last && { last }) };
    for await (const item of (await host.call("streams", "make", wanted, {})) as AsyncIterable<unknown>) {
      if (item === 4) break;
    }
    return one.fate(id);
  };
  // Between two items, and while it waits for something else.
  expect(await left("left", undefined)).toMatchObject({ runs: 1, aborted: true, ended: "returned" });
  expect(await left("left waiting", "wait")).toMatchObject({ runs: 1, aborted: true, ended: "CANCELLED" });
});

test("a caller that is killed in the middle of a stream ends its handler", async () => {
  await using one = await startOne();
  const args = ["--import", "tsx", join(import.meta.dirname, "stream-caller.ts"), one.replica.address, "orphan"];
  const caller = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const lines = createInterface(caller.stdout);
    for await (const line of lines) if (line === "2") break;
  } finally {
    caller.kill("SIGKILL");
    await once(caller, "exit");
  }
  expect(await one.fate("orphan")).toMatchObject({ runs: 1, aborted: true, ended: "CANCELLED" });
});

test("a handler that throws in the middle of a stream is heard after the items before", async () => {
  await using one = await startOne();
  const host = one.processes.caller();
  const { items, error } = await takeAll(host, "make", { id: "thrown", count: 500, last: "throw" });
  expect(items).toEqual(upTo(500));
  expect(error).toMatchObject({ code: "ABORTED", path: ["streams"] });
});

test("an input that throws in the middle fails the call with that very error, and its handler is cancelled", async () => {
  await using one = await startOne();
  const host = one.processes.caller();
  const own = new RangeError("out of numbers");
  const sent = new Sent("thrown", 500, () => Promise.reject(own));
  await expect(host.call("streams", "take", sent, {})).rejects.toBe(own);
  expect(sent.state).toBe("ended");
  expect(await one.fate("thrown")).toMatchObject({ runs: 1, aborted: true, ended: "CANCELLED" });
});
