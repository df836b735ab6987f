import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

test("an app that was disposed of leaves no handle, and the process ends by itself", async () => {
  const child = spawn(process.execPath, [`${import.meta.dirname}/no-handles-app.ts`], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 20_000,
  });
  const ended = once(child, "close");
  expect((await text(child.stdout)).trim().split("\n")).toEqual([
    "UNAVAILABLE",
    "shared",
    "UNAVAILABLE",
    "own",
    "UNAVAILABLE",
    "own",
    "[]",
  ]);
  expect(await ended).toEqual([0, null]);
});
