import { expect, test } from "vitest";
import { codeOf, sourcesOf } from "./sources.ts";

/** What gives time and chance past the clock. */
const GLOBALS =
  /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|(?<![.\w])(?:set|clear)(?:Timeout|Interval|Immediate)\b|\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b|\bAbortSignal\.timeout\b|\bhrtime\b|["'](?:node:)?timers(?:\/promises)?["']/;

/**
 * Files of core and patterns that may ask the machine itself, and why. An entry that is not needed any more fails here,
 * too: take it out.
 */
const EXCEPT: Readonly<Record<string, string>> = {
  "packages/core/src/clock/system-clock.ts": "It is the machine's clock.",
  "packages/core/src/clock/obey-inner-time.ts": "It stands before these.",
  "packages/core/src/clock/virtual-time.ts": "Its turns are those of the event loop.",
  "packages/core/src/run/replica.ts": "A check of the bundle ends its process, before there is an app.",
  "packages/core/src/testing/modules/replica-globals.ts": "It puts what is from the clock in the place of these.",
  "packages/core/src/testing/modules/replica-timers.ts": "The same.",
  "packages/core/src/transport/suite/test-dispatcher.ts": "It tests real sockets, and waits for them.",
  "packages/core/src/transport/suite/values.ts": "Its handlers answer out of order, over real sockets.",
};

test("core and patterns take time and chance from the clock that they are given", () => {
  // The command line runs on a terminal, with a person before it.
  const files = ["core", "patterns"].flatMap(sourcesOf).filter((file) => !file.startsWith("packages/core/src/cli/"));
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => GLOBALS.test(codeOf(file))).sort()).toEqual(Object.keys(EXCEPT).sort());
});
