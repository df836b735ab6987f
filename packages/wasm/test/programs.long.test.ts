import { execFileSync } from "node:child_process";
import { copyFileSync, globSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { wasm } from "@hadron/wasm";
import { transformSync } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Programs that nobody here wrote, run unchanged, against the same programs as the machine runs them. */
const INPUTS = 20;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, "made-"));
});

afterAll(() => rm(folder, { recursive: true }));

const here = (name: string) => relative(import.meta.dirname, join(folder, name));

function hasGo(): boolean {
  try {
    execFileSync("go", ["version"]);
    return true;
  } catch {
    return false;
  }
}

test("esbuild, from its package, makes of twenty files what it makes of them natively", {
  timeout: 600_000,
}, async () => {
  copyFileSync(
    createRequire(import.meta.url).resolve("@esbuild/wasi-preview1/esbuild.wasm"),
    join(folder, "esbuild.wasm"),
  );
  const options = {
    args: ["--loader=ts", "--minify-whitespace"],
    memoryMiB: 1024,
    clock: true,
    random: true,
    timeoutMs: 120_000,
  };
  const build = service("build", wasm(here("esbuild.wasm"), options));
  await using _ = await start(build);
  const files = globSync(join(import.meta.dirname, "../src/**/*.ts"))
    .sort()
    .slice(0, INPUTS);
  expect(files).toHaveLength(INPUTS);
  for (const file of files) {
    const source = readFileSync(file, "utf8");
    const { code } = transformSync(source, { loader: "ts", minifyWhitespace: true });
    expect(await build.with({ timeoutMs: 120_000 })(source)).toBe(code);
  }
});

test.runIf(hasGo())(
  "gofmt, built by Go from its own sources, does to twenty files what it does natively",
  { timeout: 600_000 },
  async () => {
    execFileSync("go", ["build", "-o", join(folder, "gofmt.wasm"), "cmd/gofmt"], {
      env: { ...process.env, GOOS: "wasip1", GOARCH: "wasm" },
    });
    const root = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
    const format = service(
      "format",
      wasm(here("gofmt.wasm"), { args: ["-s"], memoryMiB: 512, random: true, clock: true }),
    );
    await using _ = await start(format);
    const files = globSync(join(root, "src/strings/*.go")).sort().slice(0, INPUTS);
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      // What is formatted already would say little.
      const source = readFileSync(file, "utf8").replaceAll("\t", "   ").replaceAll(" := ", ":=");
      const native = execFileSync(join(root, "bin/gofmt"), ["-s"], {
        input: source,
        encoding: "utf8",
        maxBuffer: 2 ** 26,
      });
      expect(await format.with({ timeoutMs: 60_000 })(source)).toBe(native);
    }
  },
);
