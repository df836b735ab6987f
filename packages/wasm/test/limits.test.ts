import { setTimeout as after } from "node:timers/promises";
import { HadronError, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { wasm } from "@hadron/wasm";
import { expect, test } from "vitest";
import { at } from "./at.ts";

const math = (start: string, options = {}) => wasm<(of?: any) => unknown>(at("math"), { start, ...options });

test("a call that takes longer than it may is ended, and the next one is answered", async () => {
  const spin = service("spin", math("spin", { timeoutMs: 50, threads: 1 }));
  const add = service("add", math("add", { threads: 1 }));
  await using _ = await start(spin, add);
  for (let n = 0; n < 3; n++) {
    await expect(spin()).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: expect.stringMatching(/50 ms, its limit/),
    });
  }
  expect(await add([1, 2])).toBe(3);
});

test("one that never gets as far as being called is ended, too", async () => {
  const spinning = service("spinning", wasm(at("spinning-start"), { timeoutMs: 50 }));
  await using _ = await start(spinning);
  await expect(spinning()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

test("a program that sleeps is ended in its sleep", async () => {
  const asleep = service("asleep", wasm(at("probe"), { args: ["sleep", "60000"], timeoutMs: 50 }));
  await using _ = await start(asleep);
  await expect(asleep()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

test("a call whose caller has gone is ended", async () => {
  const spin = service("spin", math("spin", { threads: 1 }));
  await using _ = await start(spin);
  const leaving = new AbortController();
  const call = spin.with({ signal: leaving.signal })();
  await after(20);
  leaving.abort();
  await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
  // The one thread is free again, for a call that takes its time, too.
  await expect(spin.with({ timeoutMs: 100 })()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

test("memory grows to its limit, and no further", async () => {
  const eat = service("eat", math("eat", { memoryMiB: 2 }));
  await using _ = await start(eat);
  expect(await eat(31)).toBe(1);
  expect(await eat(32)).toBe(-1);
  // Each call has an instance of its own: nothing is left of the one before.
  expect(await eat(31)).toBe(1);
});

test("a stack that is full, a division by zero, an output without end: each ends its own call", async () => {
  const deep = service("deep", math("deep"));
  const divide = service("divide", math("divide"));
  const flood = service("flood", wasm(at("probe"), { args: ["flood"], outputBytes: 100_000 }));
  const chatter = service("chatter", wasm(at("probe"), { args: ["chatter"] }));
  await using _ = await start(deep, divide, flood, chatter);
  await expect(deep(0)).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    message: expect.stringMatching(/called itself too deeply/),
  });
  await expect(divide([1, 0])).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    message: expect.stringMatching(/it trapped: divide by zero/),
  });
  expect(await divide([6, 3])).toBe(2);
  await expect(flood()).rejects.toMatchObject({
    code: "TOO_LARGE",
    message: expect.stringMatching(/longer than 100000 bytes/),
  });
  expect(await chatter()).toBe("");
});

test("handles and pointers that were not given end the call, or are an error of WASI's", async () => {
  const forge = (start: string) => service(start, wasm<() => unknown>(at("forger"), { start }));
  const [handle, pointer, descriptor, list] = ["handle", "pointer", "descriptor", "list"].map(forge);
  if (!handle || !pointer || !descriptor || !list) throw new HadronError("INTERNAL", "four were made");
  await using _ = await start(handle, pointer, descriptor, list);
  await expect(handle()).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    message: expect.stringMatching(/buffer 65537 that it does not have/),
  });
  await expect(pointer()).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    message: expect.stringMatching(/pointed outside of its memory/),
  });
  // The module itself looks at the number that it gets, and traps where that is another one.
  expect(await descriptor()).toBe("");
  expect(await list()).toBe("");
});
