import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { appFile, root, Shell } from "./shell.ts";

const shell = new Shell();
afterAll(() => shell[Symbol.asyncDispose]());

const talks = appFile("talks");

test("call starts the app for one call, prints one line of JSON, and leaves nothing behind", async () => {
  const { status, out, err } = await shell.run(["examples/histogram.ts", "call"]);
  expect([status, err]).toEqual([0, ""]);
  expect(out).toMatch(/^\[(\d+,){9}\d+\]\n$/);
  const sum = (JSON.parse(out) as number[]).reduce((a, b) => a + b);
  expect(sum).toBeGreaterThan(900);
  expect(sum).toBeLessThanOrEqual(1000);
  expect(shell.open()).toEqual([]);
});

test("an input of megabytes goes in and out by stdin and stdout", async () => {
  const input = JSON.stringify({ text: "ä".repeat(3 * 1024 * 1024) });
  const { status, out } = await shell.run([talks, "call", "echo", "-"], { stdin: input });
  expect(status).toBe(0);
  expect(out.trimEnd() === input).toBe(true);
});

describe("a call that fails has status 1 and names its code", () => {
  test.each([
    [["fail"], /^HANDLER_FAILED: .*out of paper/],
    [["hang", "--timeout=200ms"], /^DEADLINE_EXCEEDED: /],
  ])("%j", async (words, message) => {
    const { status, out, err } = await shell.run([talks, "call", ...words]);
    expect([status, out]).toEqual([1, ""]);
    expect(err).toMatch(message);
    expect(err).not.toContain("    at ");
    expect(shell.open()).toEqual([]);
  });

  test("an input above the service's limit", async () => {
    const input = JSON.stringify("x".repeat(17 * 1024 * 1024));
    const { status, err } = await shell.run([talks, "call", "echo", "-", "--json"], { stdin: input });
    expect(status).toBe(1);
    expect(JSON.parse(err).error.code).toBe("TOO_LARGE");
  });

  test("a replica that does not start, with its last words", async () => {
    const { status, err } = await shell.run([appFile("cannot-start"), "call"]);
    expect(status).toBe(1);
    expect(err).toContain("no disk to start from");
    expect(shell.open()).toEqual([]);
  });
});

test("Ctrl-C during a call has status 130, says nothing, and leaves nothing behind", async () => {
  const typed = shell.type([talks, "call", "hang"]);
  // It has taken its name: whichever step after that this meets, it has to end in the same way.
  await expect.poll(() => shell.open(), { timeout: 20_000 }).toContain("talks");
  typed.signal("SIGINT");
  expect(await typed.ended).toBe(130);
  expect(typed.err).toBe("");
  // On a busy machine tsx kills what does not answer its signal at once; then the runner's watchdog cleans up.
  await expect.poll(() => shell.open(), { timeout: 10_000 }).toEqual([]);
});

describe("a file that is wrong", () => {
  test("in that it throws when it is loaded, is shown with its line", async () => {
    const { status, err } = await shell.run([appFile("throws")]);
    expect(status).toBe(1);
    expect(err).toContain("throws.ts:3");
    expect(err).toContain("SyntaxError");
  });

  test.each([
    [
      "does not parse",
      "parses-not.ts",
      /parses-not\.ts:4:\d+: Expected "\)" but found ";"\n.*service\("a", \(\) => 1;\n +\^/,
    ],
    [
      "imports what is not there",
      "imports-nothing.ts",
      /imports-nothing\.ts:2:\d+: There is no "\.\/nothing\.ts"\.\n.*from "\.\/nothing\.ts"/,
    ],
  ])("in that it %s, is shown by hadron with file, line and code, without a trace", async (_, name, message) => {
    const folder = join(shell.home, "project");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "parses-not.ts"),
      `import { run, service } from "@hadron/core";

// The next line lacks a parenthesis.
const a = service("a", () => 1;
await run(a);
`,
    );
    writeFileSync(
      join(folder, "imports-nothing.ts"),
      `import { run, service } from "@hadron/core";
import { nothing } from "./nothing.ts";
await run(service("a", () => nothing));
`,
    );
    mkdirSync(join(folder, "node_modules/@hadron"), { recursive: true });
    if (!existsSync(join(folder, "node_modules/@hadron/core")))
      symlinkSync(join(root, "packages/core"), join(folder, "node_modules/@hadron/core"));
    const { status, out, err } = await shell.run(["client.ts", join(folder, name), "up"]);
    expect([status, out]).toEqual([1, ""]);
    expect(err).toMatch(message);
    expect(err).not.toContain("    at ");
  });

  test("hadron FILE is the command line of a file that is right", async () => {
    const { status, out } = await shell.run(["client.ts", talks, "call", "echo", "[1]"]);
    expect([status, out]).toEqual([0, "[1]\n"]);
    expect((await shell.run(["client.ts", talks, "stauts"])).status).toBe(2);
  });

  test("in that it calls run() twice, is told so, and nothing is started", async () => {
    const { status, err } = await shell.run([appFile("twice")]);
    expect(status).toBe(2);
    expect(err).toContain("calls run() twice");
    expect(shell.open()).toEqual([]);
  });
});
