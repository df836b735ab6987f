import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bundle } from "../../src/bundle/index.ts";

/** Bundles a file, runs it, and returns what it printed. */
async function output(source: string): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "hadron-builtins-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "app.ts"), source);
  const { code } = await bundle(join(folder, "app.ts"));
  writeFileSync(join(folder, "app.mjs"), code);
  return JSON.parse(execFileSync(process.execPath, [join(folder, "app.mjs")], { encoding: "utf8" }));
}

test("Node's own modules are what they were: by name, as default, as a whole, with and without prefix, when asked for late", async () => {
  const seen = await output(`
    import http, { createServer } from "http";
    import * as fs from "node:fs";
    import { readFile } from "fs/promises";
    import Events, { once } from "events";
    import assert from "node:assert/strict";
    class Mine extends Events {}
    const { DatabaseSync } = await import("node:sqlite");
    console.log(JSON.stringify([
      createServer === http.createServer, fs.default.statSync === fs.statSync, readFile === fs.promises.readFile,
      new Mine() instanceof Events, typeof once, typeof assert.equal, typeof DatabaseSync,
    ]));`);
  expect(seen).toEqual([true, true, true, true, "function", "function", "function"]);
});

test("importing node:http does not load Node's fetch", async () => {
  const loaded = await output(`
    import { createServer } from "node:http";
    createServer().close();
    console.log(JSON.stringify(process.moduleLoadList.filter((name) => name.includes("undici"))));`);
  expect(loaded).toEqual([]);
});

test("each of Node's own modules can be imported as a whole", async () => {
  const names = builtinModules.filter(
    (name) => !name.startsWith("_") && !/^(?:sys|punycode|trace_events|wasi)$/.test(name),
  );
  const imports = names.map((name, index) => `import * as m${index} from ${JSON.stringify(name)};`).join("\n");
  const modules = names.map((_, index) => `m${index}`).join();
  expect(
    await output(`${imports}\nconsole.log(JSON.stringify([${modules}].every((m) => Object.keys(m).length > 0)));`),
  ).toBe(true);
});
