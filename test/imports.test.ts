import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** What each package's sources may import of its siblings. `run` loads a runner by name, at run time. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: ["@hadron/core"],
  patterns: ["@hadron/core", "@hadron/patterns"],
  runners: ["@hadron/core", "@hadron/runners"],
  "femto-cpu": ["@hadron/core", "@hadron/patterns", "@hadron/femto-cpu"],
};

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!);
}

test.each(Object.entries(ALLOWED))("sources of %s import only what they may", (name, allowed) => {
  const files = globSync(`packages/${name}/src/**/*.ts`, { cwd: root });
  expect(files.length).toBeGreaterThan(0);
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => {
        if (target.startsWith("@hadron/"))
          return !allowed.some((one) => target === one || target.startsWith(`${one}/`));
        if (!target.startsWith(".")) return false;
        return relative(join(root, "packages", name, "src"), resolve(root, dirname(file), target)).startsWith("..");
      })
      .map((target) => `${file} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test("patterns reach core by its front doors", () => {
  const files = globSync("packages/{patterns,femto-cpu}/src/**/*.ts", { cwd: root });
  const wrong = files.filter((file) => importsOf(file).some((one) => /^@hadron\/core\/(?!spi$|testing$)/.test(one)));
  expect(wrong).toEqual([]);
});
