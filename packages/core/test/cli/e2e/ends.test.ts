import { afterAll, expect, test } from "vitest";
import { appFile, Shell } from "./shell.ts";

const shell = new Shell();
afterAll(() => shell[Symbol.asyncDispose]());

test.each(["describe", "plan", "status", "call", "delete"])(
  "%s ends when it is done, though the file holds a timer",
  async (verb) => {
    const { status, out, err } = await shell.run([appFile("holds-open"), verb]);
    expect(status).toBe(0);
    if (verb === "call") expect(out).toBe('"ok"\n');
    expect(err).toContain("behind run");
    expect(shell.open()).toEqual([]);
  },
);
