import { SourceMap } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../../src/bundle/index.ts";
import { testApp } from "../layout/app.ts";

/** A module of so many functions that its map is megabytes. */
const large = (functions: number) =>
  Array.from(
    { length: functions },
    (_, n) => `export function f${n}(a, b) { const c = a + b * ${n}; return [c, a, b, c - a].map((x) => x + c); }`,
  ).join("\n");

test("a stack trace costs little, however large the map is", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `
      import * as all from "./large.js";
      const before = process.memoryUsage().heapUsed;
      const { stack } = new Error("x");
      const cost = process.memoryUsage().heapUsed - before;
      console.log(JSON.stringify({ cost, stack, count: Object.keys(all).length }));`,
    "large.js": large(20_000),
  });
  const layout = await app.layout();
  expect(layout.maps.get("app.mjs")?.byteLength).toBeGreaterThan(2_500_000);
  const { cost, stack, count } = await app.execute(layout);
  expect(count).toBe(20_000);
  expect(stack).toContain(join(app.root, "app.ts:4:25"));
  expect(cost).toBeLessThan(2_000_000);
});

test("paths in a stack trace are as people write them", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import { fail } from "./größe 1%.ts"; try { fail(); } catch (error) { console.log(JSON.stringify((error as Error).stack)); }`,
    "größe 1%.ts": "\n\nexport function fail() {\n  throw new Error('x');\n}",
  });
  expect(await app.execute(await app.layout())).toContain(`at fail (${app.root}/größe 1%.ts:4:9)`);
});

test("every position of a bundle leads where its map says", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `import { readFileSync } from "node:fs"; import * as all from "./large.js"; Object.assign(globalThis, { all });
      const trace = Error.prepareStackTrace as (error: Error, sites: unknown[]) => string;
      const bundle = new URL("../app.mjs", \`file://\${process.cwd()}/\`).href;
      const asked: [number, number][] = JSON.parse(process.env.ASKED!);
      const site = ([line, column]: [number, number]) => ({ toString: () => \`\${bundle}:\${line}:\${column}\` });
      console.log(JSON.stringify(trace(new Error(""), asked.map(site)).split("\\n").slice(1)));`,
    "large.js": large(400),
  });
  const built = await bundle(join(app.root, "app.ts"));
  const code = Buffer.from(built.code).toString().split("\n");
  const map = new SourceMap(JSON.parse(Buffer.from(built.map).toString()));
  const begin = (text: string) => text.search(/[^ ]|$/);
  const asked = code
    .flatMap((text, line) =>
      [begin(text), begin(text) + 1, Math.floor((begin(text) + text.length) / 2), text.length].map(
        (column) => [line + 1, column + 1] as const,
      ),
    )
    .filter((_, at) => at % 7 === 0);
  const answers: string[] = await app.execute(await app.layout(), { ASKED: JSON.stringify(asked) });
  let told = 0;
  for (const [at, [line, column]] of asked.entries()) {
    const found = map.findEntry(line - 1, column - 1);
    if (!("originalSource" in found) || found.originalSource === undefined || found.generatedLine !== line - 1)
      continue;
    told++;
    // What the map says nothing of is as far in the source as from the place before it, or from where its line begins.
    const from = Math.max(found.generatedColumn, begin(code[line - 1] ?? ""));
    const further = column - 1 - from;
    expect(answers[at]).toBe(
      `    at ${join(app.root, found.originalSource)}:${found.originalLine + 1}:${found.originalColumn + further + 1}`,
    );
  }
  expect(told).toBeGreaterThan(200);
});
