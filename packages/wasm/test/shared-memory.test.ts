import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { wasm } from "@hadron/wasm";
import { expect, test } from "vitest";
import { SharedMemory } from "../src/guest/shared-memory.ts";
import { at } from "./at.ts";

test("a thread that is woken by what it has read already goes on waiting", () => {
  const shared = new SharedMemory();
  let looks = 0;
  const look = () => {
    if (looks++ === 3) return "a message";
    // Whoever sent the message before comes to waking it only now.
    shared.wake();
    return undefined;
  };
  expect(shared.wait(look, 60_000)).toBe("a message");
  expect(shared.wait(() => undefined, 1)).toBeUndefined();
});

test("what goes in and comes out may be longer than what a thread and its replica share", async () => {
  const upper = service("upper", wasm(at("uppercase"), { threads: 1 }));
  await using _ = await start(upper);
  for (const length of [0, 1, 65_535, 65_536, 65_537, 1_000_000, 3]) {
    expect((await upper("x".repeat(length))) === "X".repeat(length), `${length} letters`).toBe(true);
  }
});
