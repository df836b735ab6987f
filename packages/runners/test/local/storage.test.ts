import { afterEach, beforeEach, expect, test } from "vitest";
import { toProgram } from "../../src/suite.ts";
import { fixture, Home } from "./harness.ts";

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home[Symbol.asyncDispose]());

test("what a shard stores is there the next time, and gone with the app", async () => {
  const { book } = await import("../fixtures/notes.ts");
  const program = toProgram(fixture("notes.ts"), "notes", [book]);
  const runner = home.runner();
  const write = async (line: string) => {
    const { attached } = await home.apply(runner, program);
    const notes = await home.call(runner, "notes", "book", "book", { line });
    await attached![Symbol.asyncDispose]();
    return notes;
  };
  expect(await write("one")).toBe("one\n");
  expect(await write("one")).toBe("one\none\n");
  expect(await runner.delete("notes", { data: true }, home.context)).toEqual({ left: [], kept: [] });
  expect(await write("one")).toBe("one\n");
});

test("a file that calls run() twice is refused", async () => {
  const { one } = await import("../fixtures/twice.ts");
  const program = toProgram(fixture("twice.ts"), "twice", [one]);
  await expect(home.apply(home.runner(), program)).rejects.toMatchObject({
    code: "WRONG_USE",
    message: expect.stringContaining("calls run() twice"),
  });
  expect(await home.left()).toEqual([]);
});
