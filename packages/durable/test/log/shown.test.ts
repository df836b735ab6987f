import { expect, test } from "vitest";
import type { LogEvent } from "../../src/log/events.ts";
import { toShown } from "../../src/log/shown.ts";
import { toLogged } from "../../src/log/values.ts";

const at = new Date("2026-01-01T12:00:00Z");
const ms = at.getTime();
const value = (of: unknown) => toLogged(of, "a value");
const error = { name: "TypeError", message: "no", code: "INTERNAL", retryable: true };
const { retryable: _, ...shownError } = error;
const secret = "0123456789abcdef0123456789abcdef";
const parent = { program: "order", id: "1", command: 4 };
const started = { type: "started", at: ms, input: value({ a: 1n }), secret, engine: 2, parent: undefined } as const;

test.each<[LogEvent, object]>([
  [started, { type: "started", input: { a: 1n }, chance: expect.any(String) }],
  [
    { ...started, parent, base: 7 },
    { type: "started", input: { a: 1n }, chance: expect.any(String), parent, base: 7 },
  ],
  [
    { type: "called", at: ms, command: 3, kind: "sleep", name: "1h", until: ms },
    { type: "called", command: 3, kind: "sleep", name: "1h", until: at },
  ],
  [
    { type: "called", at: ms, command: 3, kind: "step", name: "pay", until: undefined },
    { type: "called", command: 3, kind: "step", name: "pay" },
  ],
  [
    { type: "attempted", at: ms, command: 3, attempt: 2 },
    { type: "attempted", command: 3, attempt: 2 },
  ],
  [
    { type: "failed", at: ms, command: 3, attempt: 2, error, retryAt: ms },
    { type: "failed", command: 3, attempt: 2, error: shownError, retryAt: at },
  ],
  [
    { type: "settled", at: ms, command: 3, outcome: { ok: value("done") } },
    { type: "settled", command: 3, value: "done" },
  ],
  [
    { type: "settled", at: ms, command: 3, outcome: { error } },
    { type: "settled", command: 3, error: shownError },
  ],
  [
    { type: "received", at: ms, hook: "paid", value: value(7) },
    { type: "received", hook: "paid", value: 7 },
  ],
  [
    { type: "cancelled", at: ms, reason: "no more" },
    { type: "cancelled", reason: "no more" },
  ],
  [
    { type: "ended", at: ms, outcome: { ok: value(undefined) } },
    { type: "ended", value: undefined },
  ],
])("%j is shown as what it means", (event, shown) => {
  expect(toShown(event, 5)).toStrictEqual({ n: 5, at, ...shown });
});

test("the secret of a run is never shown, nor chance where that was the secret itself", () => {
  expect(JSON.stringify(toShown({ ...started, input: value(1) }, 0))).not.toContain(secret);
  expect(toShown({ ...started, engine: 1 }, 0)).not.toHaveProperty("chance");
});
