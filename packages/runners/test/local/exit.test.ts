import { expect, test } from "vitest";
import { toExit } from "../../src/local/replica/exit.ts";

test.each([
  [0, null, [], "exit code 0"],
  [7, null, ["some line"], "exit code 7"],
  [1, null, ["x.ts:1", "TypeError: a is not a function", "    at y"], "exit code 1 (TypeError: a is not a function)"],
  [null, "SIGKILL", ["Error: earlier, and handled"], "killed by SIGKILL"],
  [
    null,
    "SIGABRT",
    ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"],
    "out of memory: its heap reached 48 MiB (capacity.memoryMiB)",
  ],
  [
    134,
    null,
    ["FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory"],
    "out of memory: its heap reached 48 MiB (capacity.memoryMiB)",
  ],
  [null, "SIGABRT", [], "killed by SIGABRT"],
] as const)("exit code %s, signal %s, with its output: %s", (code, signal, output, reason) => {
  expect(toExit(code, signal, output, 48).reason).toBe(reason);
});
