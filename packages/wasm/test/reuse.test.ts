import { setTimeout as after } from "node:timers/promises";
import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { wasm } from "@hadron/wasm";
import { expect, test } from "vitest";
import { at } from "./at.ts";

const total = (options = {}) => wasm<(more: number) => number>(at("math"), { start: "total", threads: 1, ...options });

test("a call finds memory and globals as if there had been none before, also after one that trapped", async () => {
  const fresh = service("fresh", total());
  await using _ = await start(fresh);
  for (let n = 0; n < 3; n++) expect(await fresh(5)).toBe(10);
  await expect(fresh(-7)).rejects.toMatchObject({ code: "HANDLER_FAILED" });
  expect(await fresh(5)).toBe(10);
});

test("a larger memory is fresh in each call, too", async () => {
  const eat = service("eat", wasm<(pages: number) => number>(at("math"), { start: "eat", threads: 1 }));
  await using _ = await start(eat);
  for (let n = 0; n < 3; n++) expect(await eat(100)).toBe(1);
});

test("with reuse a call finds what the calls before left", async () => {
  const kept = service("kept", total({ reuse: true }));
  await using _ = await start(kept);
  expect([await kept(1), await kept(2), await kept(3)]).toEqual([2, 6, 12]);
});

test("an instance that trapped, ran out of its time or was given up is not used again", async () => {
  const kept = service("kept", total({ reuse: true, timeoutMs: 1000 }));
  await using _ = await start(kept);
  expect([await kept(1), await kept(1)]).toEqual([2, 4]);
  await expect(kept(-1)).rejects.toMatchObject({ code: "HANDLER_FAILED" });
  expect([await kept(1), await kept(1)]).toEqual([2, 4]);
  await expect(kept(0)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect([await kept(1), await kept(1)]).toEqual([2, 4]);
  const leaving = new AbortController();
  const call = kept.with({ signal: leaving.signal })(0);
  await after(10);
  leaving.abort();
  await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
  expect([await kept(1), await kept(1)]).toEqual([2, 4]);
});

test("what goes in and out by buffers is each call's own, though its instance is not", async () => {
  const web = service("web", wasm(at("web"), { start: "deny", reuse: true, threads: 1 }));
  await using _ = await start(web);
  for (let n = 0; n < 2; n++) expect(await web()).toBe("forbidden");
});

test("a program is not called twice", () => {
  expect(() => wasm(at("uppercase"), { reuse: true })).toThrow(/_start is a program from its beginning to its end/);
});
