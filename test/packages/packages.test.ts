import { execFile, spawn } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { reportApi } from "../../tools/packages/api-report.ts";
import { packAll, pnpm } from "../../tools/packages/pack.ts";
import { publicEntries } from "../../tools/packages/public-entries.ts";
import { PACKAGES, root } from "../sources.ts";

const execute = promisify(execFile);
// Each starts processes that start processes.
vi.setConfig({ testTimeout: 120_000 });

/** Where a user would be: outside the workspace, and with a space in its path. */
const home = mkdtempSync(join(tmpdir(), "hadron packed "));
const project = join(home, "my app");
/** Of one's own, so that nothing that runs here is met. */
const env = {
  ...process.env,
  XDG_CACHE_HOME: join(home, "cache"),
  XDG_RUNTIME_DIR: home,
  XDG_STATE_HOME: join(home, "state"),
};
let archives: readonly string[];

const APP = `
import { run, service } from "@hadron/core";
import { scatter } from "@hadron/patterns";

export const clock = service("clock", (zone: string) => zone.length);
export const sizes = service("sizes", scatter(3, (word: string) => word.length, (all: number[]) => all), { expose: true });
export const greet = service("greet", async (name: string) => "Hello, " + name + "! It is " + (await clock("UTC")) + ".");

await run(greet, clock, sizes);
`;

const TEST = `
import assert from "node:assert/strict";
import test from "node:test";
import { HadronError } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { clock, greet, sizes } from "./app.ts";

test("the app", async () => {
  await using app = await start(greet, clock, sizes);
  assert.equal(await greet("Ann"), "Hello, Ann! It is 3.");
  app.replica("sizes.leaf", 1).kill();
  await assert.rejects(sizes.with({ timeoutMs: 500 })("four"), (error) => error instanceof HadronError && error.code !== "INTERNAL");
});

// @ts-expect-error: a name is a string
const wrong = () => greet(1);
void wrong;
`;

/** Runs a program of the project, as `npx` would. */
function runs(program: string, ...words: string[]) {
  return execute(join(project, "node_modules/.bin", program), words, { cwd: project, env });
}

beforeAll(async () => {
  mkdirSync(join(home, "archives"));
  archives = await packAll(join(home, "archives"), {
    ...process.env,
    ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "remote.origin.url" },
    GIT_CONFIG_VALUE_0: "git@git.example.com:hadron/hadron.git",
  });
  mkdirSync(project);
  const versions = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies;
  const ours = Object.fromEntries(PACKAGES.map((name, at) => [`@hadron/${name}`, `file:${archives[at]}`]));
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({
      name: "my-app",
      private: true,
      type: "module",
      dependencies: { ...ours, tsx: versions.tsx },
      devDependencies: { typescript: versions.typescript, "@types/node": versions["@types/node"] },
      // They are not in the registry yet, where each would look for the others.
      pnpm: { overrides: ours, onlyBuiltDependencies: ["esbuild"] },
    }),
  );
  writeFileSync(join(project, "app.ts"), APP);
  writeFileSync(join(project, "app.test.ts"), TEST);
  await pnpm(["install", "--prefer-offline", "--ignore-workspace"], project);
}, 300_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

test("every package is packed with its licence and readme, and nothing but what it needs", async () => {
  expect(archives).toHaveLength(PACKAGES.length);
  for (const name of PACKAGES) {
    const folder = join(project, "node_modules/@hadron", name);
    const files = globSync("**/*", { cwd: folder, exclude: ["node_modules/**"], withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name);
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json", "index.js", "index.d.ts"]));
    expect(files.filter((file) => /\.test\.|(?<!\.d)\.ts$|^suite\./.test(file))).toEqual([]);
  }
});

test("every package says where its source is: at the origin of the clone that it was packed from", () => {
  for (const name of PACKAGES) {
    const manifest = readFileSync(join(project, "node_modules/@hadron", name, "package.json"), "utf8");
    expect(JSON.parse(manifest)).toMatchObject({
      license: "Apache-2.0",
      keywords: expect.arrayContaining(["hadron"]),
      repository: { type: "git", url: "git+https://git.example.com/hadron/hadron.git", directory: `packages/${name}` },
    });
  }
});

test.each([
  ["https://git.example.com/hadron/hadron", "git+https://git.example.com/hadron/hadron.git"],
  ["https://me:token@git.example.com:8443/hadron.git/", "git+https://git.example.com:8443/hadron.git"],
  ["ssh://git@git.example.com:22/hadron/hadron.git", "git+https://git.example.com/hadron/hadron.git"],
  ["git@git.example.com:hadron/hadron.git", "git+https://git.example.com/hadron/hadron.git"],
  ["", undefined],
  ["/srv/git/hadron", undefined],
  ["../hadron", undefined],
  ["file:///srv/git/hadron", undefined],
])("an origin of %j is named as %j", (origin, address) => {
  expect(createRequire(import.meta.url)("../../.pnpmfile.cjs").toPublicAddress(origin)).toBe(address);
});

test("publint has nothing to say of any package", async () => {
  for (const archive of archives) {
    const bytes = readFileSync(archive);
    const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  }
});

test("the types of every entry are found by whoever can load it", async () => {
  // Packages are ES modules, and have no entries that a resolver without "exports" would find.
  const meant = new Set(["CJSResolvesToESM"]);
  for (const archive of archives) {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(archive))));
    if (result.types === false) throw new Error(`${archive} has no types`);
    const problems = result.problems.filter(
      (problem) => !meant.has(problem.kind) && !("resolutionKind" in problem && problem.resolutionKind === "node10"),
    );
    expect(problems).toEqual([]);
  }
});

test("an app that is installed elsewhere has types, without looking away from those of libraries", async () => {
  const { stdout } = await runs(
    "tsc",
    ...["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--module", "nodenext", "--target", "es2024"],
    ...[
      "--lib",
      "es2024,esnext.disposable",
      "--types",
      "node",
      "--allowImportingTsExtensions",
      "app.ts",
      "app.test.ts",
    ],
  );
  expect(stdout).toBe("");
});

test("an app that is installed elsewhere is called by its own command line", async () => {
  const { stdout } = await runs("tsx", "app.ts", "call", "greet", '"Ann"');
  expect(JSON.parse(stdout)).toBe("Hello, Ann! It is 3.");
});

test("an app that is installed elsewhere is tested there, by node alone", async () => {
  await execute(process.execPath, ["--test", "app.test.ts"], { cwd: project, env });
});

test("hadron calls an app that is up", async () => {
  // Of its own process group, so that one signal reaches all of it, as Ctrl-C in a terminal does.
  const up = spawn(join(project, "node_modules/.bin/tsx"), ["app.ts", "up", "--json"], {
    cwd: project,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => up.once("exit", resolve));
  try {
    await new Promise<void>((resolve, reject) => {
      up.stdout.once("data", () => resolve());
      up.once("exit", (code) => reject(new Error(`up ended with ${code}`)));
    });
    const { stdout } = await runs("hadron", "sizes", '"four"');
    expect(JSON.parse(stdout)).toEqual([4, 4, 4]);
    // An engine or a cluster of this machine may have apps of others.
    const { services } = JSON.parse((await runs("hadron", "--json")).stdout);
    expect(services).toContainEqual(expect.objectContaining({ app: "my-app", runner: "local", service: "sizes" }));
  } finally {
    if (up.pid !== undefined && up.exitCode === null) process.kill(-up.pid, "SIGINT");
    await ended;
  }
});

test("the API reports say what each public entry offers", () => {
  for (const name of PACKAGES) {
    const folder = join(project, "node_modules/@hadron", name);
    const entries = publicEntries(folder);
    const kept = globSync("api/*.api.md", { cwd: join(root, "packages", name) });
    expect(
      kept.sort(),
      `packages/${name}/api has other reports than ${name} has entries: \`pnpm api\` renews them`,
    ).toEqual(entries.map(({ report }) => report).sort());
    for (const { title, types, report } of entries) {
      const path = join(root, "packages", name, report);
      expect(
        existsSync(path) ? readFileSync(path, "utf8") : "",
        `packages/${name}/${report} is not what ${title} offers: \`pnpm api\` renews it; look at what changed, and commit it`,
      ).toBe(reportApi(join(folder, types), title));
    }
  }
});
