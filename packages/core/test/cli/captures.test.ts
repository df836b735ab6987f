import { type CaptureOptions, capture } from "@hadron/core/spi";
import { describe, expect, test } from "vitest";
import { Captures } from "../../src/cli/command/captures.ts";
import { type CaptureDefinition, givenDefinition } from "../../src/declare/definition.ts";
import type { CapturedTexts } from "../../src/runner.ts";

const { signal } = new AbortController();

function define(value: () => unknown, options?: CaptureOptions, isSecret = false): CaptureDefinition {
  const made = (isSecret ? capture.secret : capture)("build", value, options);
  return givenDefinition(made) as CaptureDefinition;
}

async function complete(
  definition: CaptureDefinition,
  base: string,
  before?: CapturedTexts,
  { isPlan = false, again = [] as readonly string[], evaluateMs = 1000 } = {},
) {
  const captures = new Captures({ definitions: [definition], isPlan, again, evaluateMs });
  return { texts: await captures.complete(base, before, signal), changes: captures.changes };
}

/** Another value each time. */
function counting(): () => unknown {
  let count = 0;
  return () => ({ commit: `c${++count}`, same: 1 });
}

describe("a captured value", () => {
  test("of a revision is computed again only when code or topology changed", async () => {
    const definition = define(counting());
    const first = await complete(definition, "r1");
    expect(first.changes).toEqual([
      { action: "create", kind: "capture", name: "build", because: "{ commit: 'c1', same: 1 }" },
    ]);
    const second = await complete(definition, "r1", first.texts);
    expect(second).toEqual({ texts: first.texts, changes: [] });
    const third = await complete(definition, "r2", first.texts);
    expect(third.changes).toEqual([
      { action: "update", kind: "capture", name: "build", because: 'commit "c1" → "c2"' },
    ]);
  });

  test("of each up is a new text only where it differs", async () => {
    const changing = define(counting(), { on: "up" });
    const first = await complete(changing, "r1");
    expect((await complete(changing, "r1", first.texts)).texts).not.toEqual(first.texts);
    const steady = define(() => "same", { on: "up" });
    const before = await complete(steady, "r1");
    expect((await complete(steady, "r2", before.texts)).texts).toEqual(before.texts);
  });

  test("of once is kept over revisions, until it is computed anew by name", async () => {
    const definition = define(counting(), { on: "once" });
    const first = await complete(definition, "r1");
    expect((await complete(definition, "r2", first.texts)).texts).toEqual(first.texts);
    const again = await complete(definition, "r2", first.texts, { again: ["build"] });
    expect(again.changes[0]?.because).toBe('commit "c1" → "c2"');
    await expect(complete(definition, "r1", undefined, { again: ["biuld"] })).rejects.toMatchObject({
      code: "WRONG_USE",
      message: expect.stringMatching(/did you mean "build"/i),
    });
  });

  test("that a plan must not compute is known at up", async () => {
    let asked = 0;
    const definition = define(() => ++asked, { plan: false });
    const { changes } = await complete(definition, "r1", undefined, { isPlan: true });
    expect([asked, changes[0]?.because]).toEqual([0, "known at up"]);
  });

  test("that is secret is in no plan, and kept among secrets", async () => {
    const definition = define(() => "hunter2-hunter2", {}, true);
    const { texts, changes } = await complete(definition, "r1");
    expect(JSON.stringify(changes)).not.toContain("hunter2");
    expect(texts.plain).toBeUndefined();
    expect(Object.keys(texts.secrets)).toEqual(["HADRON_CAPTURE_BUILD"]);
  });

  test("is asked for once in a command, however often the runner looks", async () => {
    let asked = 0;
    const captures = new Captures({ definitions: [define(() => ++asked, { on: "up" })], isPlan: false, again: [] });
    const texts = await captures.complete("r1", undefined, signal);
    expect(await captures.complete("r1", texts, signal)).toEqual(texts);
    expect(asked).toBe(1);
  });

  test("that throws, hangs, cannot be sent or is too large fails, and is named", async () => {
    const failing = define(() => {
      throw new Error("no git here");
    });
    await expect(complete(failing, "r1")).rejects.toThrow(
      /capture\("build"\) failed, and nothing was changed: no git here/,
    );
    const hanging = define(() => new Promise(() => {}));
    await expect(complete(hanging, "r1", undefined, { evaluateMs: 5 })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
    await expect(
      complete(
        define(() => ({ a: { b: () => 1 } })),
        "r1",
      ),
    ).rejects.toMatchObject({
      code: "INVALID_DECLARATION",
      message: expect.stringContaining("input.a.b is a function"),
    });
    const large = define(() => "x".repeat(256 * 1024 + 1));
    await expect(complete(large, "r1")).rejects.toMatchObject({ code: "TOO_LARGE" });
    await expect(
      complete(
        define(() => "x".repeat(70_000), {}, true),
        "r1",
      ),
    ).rejects.toMatchObject({ code: "TOO_LARGE" });
  });
});
