import { expect, test } from "vitest";
import { toTimeline } from "../../src/verbs/timeline.ts";

test("a patch is told as the way that a run went, not as something given up", () => {
  const at = new Date(0);
  const log = [
    { n: 0, at, type: "started", input: undefined },
    { n: 1, at, type: "called", command: 0, kind: "patch", name: "new" },
    { n: 2, at, type: "called", command: 1, kind: "step", name: "charge" },
  ] as const;
  expect(toTimeline(log, { awaited: [] }).map(({ what, outcome }) => [what, outcome])).toEqual([
    ["started", ""],
    ["patch new", "goes the changed way"],
    ["step charge", "given up"],
  ]);
});
