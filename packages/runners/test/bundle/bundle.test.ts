import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bundle, bundle, toLines } from "../../src/bundle/index.ts";

const run = promisify(execFile);
let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "hadron bundle ")));
});
afterEach(() => rm(root, { recursive: true }));

/** Writes files below the test's folder, and returns the path of the first. */
async function write(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return join(root, Object.keys(files)[0]!);
}

/** Runs a bundle as a replica is run, and returns its JSON output. */
async function execute(built: Bundle, env: Readonly<Record<string, string>> = {}): Promise<any> {
  await mkdir(join(root, "out"), { recursive: true });
  await symlink(join(root, "app"), join(root, "out/files"));
  await writeFile(join(root, "out/app.mjs"), built.code);
  await writeFile(join(root, "out/app.mjs.lines"), toLines(built.code, JSON.parse(Buffer.from(built.map).toString())));
  const { stdout } = await run(process.execPath, [join(root, "out/app.mjs")], { cwd: join(root, "app"), env });
  return JSON.parse(stdout);
}

describe("a bundle", () => {
  test("holds what the app imports: TypeScript, JSON, CommonJS that requires", async () => {
    const entry = await write({
      "app/app.ts": `
        import { two } from "./two.ts";
        import data from "./data.json" with { type: "json" };
        import cjs from "cjs";
        const three: number = await Promise.resolve(3);
        console.log(JSON.stringify([two, three, data.four, cjs.base("/x/five")]));`,
      "app/two.ts": "export const two: number = 2;",
      "app/data.json": `{ "four": 4 }`,
      "app/node_modules/cjs/package.json": `{ "name": "cjs", "main": "main.js" }`,
      "app/node_modules/cjs/main.js": `"use strict"; exports.base = (path) => require("path").basename(path);`,
    });
    expect(await execute(await bundle(entry))).toEqual([2, 3, 4, "five"]);
  });

  test("has a hash that depends on the sources, not on where they lie", async () => {
    const first = await bundle(
      await write({ "a/app.ts": `import { x } from "./x.ts"; console.log(x)`, "a/x.ts": "export const x = 1;" }),
    );
    const second = await bundle(
      await write({ "b/c/app.ts": `import { x } from "./x.ts"; console.log(x)`, "b/c/x.ts": "export const x = 1;" }),
    );
    const third = await bundle(
      await write({ "b/c/app.ts": `import { x } from "./x.ts"; console.log(x)`, "b/c/x.ts": "export const x = 2;" }),
    );
    expect(second.hash).toBe(first.hash);
    expect(third.hash).not.toBe(first.hash);
    expect(first.hash).toMatch(/^[0-9a-f]{16}$/);
  });

  test("tells each module its own place", async () => {
    const entry = await write({
      "app/app.ts": `#!/usr/bin/env tsx
        import { createRequire } from "node:module";
        import inner from "./lib/inner.ts";
        import cjs from "cjs";
        const require = createRequire(import.meta.url);
        console.log(JSON.stringify({ own: [import.meta.filename, import.meta.main], inner, cjs, data: require("./data.json") }));`,
      "app/lib/inner.ts": "export default [import.meta.url, import.meta.dirname, import.meta.main];",
      "app/data.json": `"data"`,
      "app/node_modules/cjs/index.js": `"use strict"\nmodule.exports = [__dirname, __filename];`,
    });
    expect(await execute(await bundle(entry))).toEqual({
      own: [join(root, "out/files/app.ts"), true],
      inner: [new URL(`file://${join(root, "out/files/lib/inner.ts")}`).href, join(root, "out/files/lib"), false],
      cjs: [join(root, "out/files/node_modules/cjs"), join(root, "out/files/node_modules/cjs/index.js")],
      data: "data",
    });
  });

  test("shows the user's own lines in stack traces", async () => {
    const entry = await write({
      "app/app.ts": `import { fail } from "./lib/fail.ts";\ntry { fail("x") } catch (error) { console.log(JSON.stringify((error as Error).stack)); }`,
      "app/lib/fail.ts":
        "interface Unused {\n  readonly a: number;\n}\n\nexport function fail(text: string): never {\n  throw new TypeError(text);\n}",
    });
    const stack = await execute(await bundle(entry));
    expect(stack).toContain(
      `TypeError: x\n    at fail (${join(root, "out/files/lib/fail.ts")}:6:9)\n    at ${join(root, "out/files/app.ts")}:2:7`,
    );
  });

  test("puts secrets into the environment before any module runs", async () => {
    const entry = await write({
      "app/app.ts": `import { early } from "./early.ts"; console.log(JSON.stringify(early));`,
      "app/early.ts": "export const early = process.env.API_KEY;",
      "secrets.json": `{ "API_KEY": "s3cret" }`,
    });
    expect(await execute(await bundle(entry), { HADRON_SECRETS_FILE: join(root, "secrets.json") })).toBe("s3cret");
  });
});

describe("a file that cannot be bundled", () => {
  test("a syntax error shows file, line, column and the line", async () => {
    const entry = await write({ "app/app.ts": "const a = 1;\n  const b = = 2;" });
    await expect(bundle(entry)).rejects.toMatchObject({
      code: "RUNNER_FAILED",
      message: expect.stringContaining(`app.ts:2:13: Unexpected "="\n    const b = = 2;\n              ^`),
    });
  });

  test("an import that is not there shows who wants it", async () => {
    const entry = await write({
      "app/app.ts": `import x from "./gone.ts";\nimport y from "no-such-package";\nconsole.log(x, y);`,
    });
    await expect(bundle(entry)).rejects.toThrow(
      /app\.ts:1:15: There is no "\.\/gone\.ts"[\s\S]*app\.ts:2:15: The package "no-such-package" is not installed[\s\S]*npm install no-such-package$/,
    );
  });

  test("an import of what replicas do not have is refused, with the line and what to do", async () => {
    const entry = await write({
      "app/app.ts": `import "./other.ts";`,
      "app/other.ts": `import type { StartedApp } from "@hadron/core/testing";\n\nimport { start } from "@hadron/core/testing";\nstart();`,
    });
    await expect(bundle(entry)).rejects.toThrow(
      /^other\.ts:1: an app file cannot import "@hadron\/core\/testing"\.[\s\S]*import it in a test file/,
    );
    const types = await write({
      "app/types.ts": `import type { StartedApp } from "@hadron/core/testing";\nconsole.log(1);`,
    });
    await expect(bundle(types)).resolves.toBeDefined();
  });

  test("a file that is not there is named", async () => {
    await expect(bundle(join(root, "absent.ts"))).rejects.toThrow(/absent\.ts/);
  });
});
