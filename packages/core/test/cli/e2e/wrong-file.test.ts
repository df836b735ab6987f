import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root, Shell } from "./shell.ts";

const shell = new Shell();
const folder = join(shell.home, "project");
const TSX = [process.execPath, join(root, "node_modules/tsx/dist/cli.mjs")];

beforeAll(() => {
  mkdirSync(join(folder, "node_modules/@hadron"), { recursive: true });
  for (const name of ["core", "patterns"])
    symlinkSync(join(root, "packages", name), join(folder, "node_modules/@hadron", name));
});
afterAll(() => shell[Symbol.asyncDispose]());

/** Runs a file of these lines, whose first two are imports. */
function runFile(name: string, lines: readonly string[], words: readonly string[] = [], command = TSX) {
  const file = join(folder, name);
  const imports = ['import { run, service } from "@hadron/core";', 'import { scatter } from "@hadron/patterns";'];
  writeFileSync(file, `${[...imports, ...lines].join("\n")}\n`);
  return shell.run([file, ...words], { command });
}

describe.each([
  ["under tsx", TSX],
  ["under Node alone", [process.execPath]],
])("%s, a declaration that breaks a rule is one message and the user's line:", (_, command) => {
  test.each([
    ["a name", 'service("Bad Name!", () => 1);', /"Bad Name!" cannot name a service/],
    ["no handler", 'service("a", undefined as never);', /service "a" is undefined/],
    ["negative replicas", 'service("a", () => 1, { replicas: -1 });', /replicas is -1/],
    ["a count", "scatter(0, () => 1, (it) => it);", /the count is 0/],
  ])("%s", async (_what, line, message) => {
    const { status, out, err } = await runFile("declares.mts", [line], [], command);
    const [first, ...frames] = err.trimEnd().split("\n");
    expect([status, out]).toEqual([1, ""]);
    expect(first).toMatch(/^INVALID_DECLARATION: /);
    expect(first).toMatch(message);
    expect(frames).toEqual([expect.stringMatching(/^ {4}at .*declares\.mts:3:\d+\)?$/)]);
  });
});

describe("an error of the file's own", () => {
  const lines = ["const inner = () => { throw new TypeError('boom'); };", 'await run(service("a", () => inner()));'];

  test("while it deploys shows the user's frames alone", async () => {
    const { status, err } = await runFile("throws.mts", [...lines, ""].toSpliced(1, 0, "inner();"));
    expect(status).toBe(1);
    expect(err).toMatch(
      /^throws\.mts failed before its run\(\), while deploying\.\n\nTypeError: boom\n {4}at inner \(.*throws\.mts:3:\d+\)\n {4}at .*throws\.mts:4:\d+\)?\n$/,
    );
  });

  test.each([
    [
      "when the bundle is checked",
      "process.env.HADRON_CHECK",
      /, when it is checked as a replica of "a": TypeError: boom/,
    ],
    [
      "in a replica alone",
      "process.env.HADRON_SERVICE && !process.env.HADRON_CHECK",
      /, as replica 0 of "a": TypeError: boom/,
    ],
  ])("%s names that role, and the line of the file", async (_when, condition, message) => {
    const only = `if (${condition}) inner();`;
    const { status, err } = await runFile("in-replica.mts", lines.toSpliced(1, 0, only), ["call", "a"]);
    expect(status).toBe(1);
    expect(err).toMatch(message);
    expect(err).toMatch(/\n\s+at inner \(.*in-replica\.mts:3:\d+\)\n/);
    expect(err).not.toContain("node:internal");
    expect(shell.open()).toEqual([]);
  });

  test("in a script that runs no app is Node's to show", async () => {
    const file = join(folder, "script.mts");
    writeFileSync(file, 'import { connect } from "@hadron/core";\nvoid connect;\nthrow new TypeError("boom");\n');
    const { status, err } = await shell.run([file], { command: TSX });
    expect(status).toBe(1);
    expect(err).toContain("Node.js v");
  });
});

describe("a file that declares services", () => {
  test("and never calls run() is told so, with status 2", async () => {
    const { status, out, err } = await runFile("never.mts", ['const a = service("a", () => 1);', "void a;"]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^WRONG_USE: never\.mts declares services \(the first at .*never\.mts:3:\d+\)/);
    expect(err).toContain("ends without a run()");
  });

  test("and starts them by itself is a script, and ends well", async () => {
    const { status, err } = await runFile("starts.mts", [
      'import { start } from "@hadron/core/testing";',
      'const a = service("a", () => 1);',
      "await using app = await start(a);",
      "void app;",
    ]);
    expect([status, err]).toEqual([0, ""]);
  });

  test("for another file that has the run() is not asked for one", async () => {
    writeFileSync(
      join(folder, "declares-a.mts"),
      'import { service } from "@hadron/core";\nexport const a = service("a", () => 1);\n',
    );
    const { status, err } = await runFile("uses.mts", ['import { a } from "./declares-a.mts";', "void a;"]);
    expect([status, err]).toEqual([0, ""]);
  });
});
