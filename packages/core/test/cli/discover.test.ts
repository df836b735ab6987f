import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discover } from "../../src/cli/runners/discover.ts";
import { loadRunner } from "../../src/cli/runners/load-runner.ts";

/** Projects in which a package of runners is installed, whose worlds are what the test says. */
let base: string;
let project: string;
let entry: string;

const runner = (list: string) => `export const flags = [];
export const createRunner = () => ({ list: async ({ signal }) => { ${list} } });
`;
const found = (app: string, name: string) =>
  `return [{ app: "${app}", runner: "${name}", services: [{ name: "hello", procedures: ["hello"], endpoint: null }] }];`;
const fails = (code: string) =>
  `throw Object.assign(new Error("nobody there"), { name: "HadronError", code: "${code}" });`;

function install(modules: Readonly<Record<string, string>>): void {
  const folder = join(project, "node_modules/@hadron/runners");
  mkdirSync(folder, { recursive: true });
  const exports = Object.fromEntries(Object.keys(modules).map((name) => [`./${name}`, `./${name}-${counter}.js`]));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "@hadron/runners", type: "module", exports }));
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, `${name}-${counter}.js`), text);
}
let counter = 0;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "hadron-discover-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** What is discovered where both an engine and a cluster seem to be there. */
function look(modules: Readonly<Record<string, string>>, options: Partial<Parameters<typeof discover>[0]> = {}) {
  // Packages are read once a process: each world is a project of its own.
  counter++;
  project = join(base, String(counter));
  mkdirSync(project);
  entry = join(project, "client.ts");
  install(modules);
  const env = { HOME: project, DOCKER_HOST: "unix:///engine.sock", KUBECONFIG: "config" };
  return discover({ entry, env, signal: new AbortController().signal, patienceMs: 60_000, ...options });
}

describe("what runs is asked of every runner that is installed", () => {
  test("and told in their order", async () => {
    const { apps, unknown } = await look({
      kubernetes: runner(found("c", "kubernetes")),
      docker: runner(found("b", "docker")),
      local: runner(found("a", "local")),
    });
    expect(apps.map(({ app }) => app)).toEqual(["a", "b", "c"]);
    expect(unknown).toEqual([]);
  });

  test("an engine that is not there is no news; anything else is told, and keeps nobody from being called", async () => {
    const { apps, unknown } = await look({
      local: runner(found("a", "local")),
      docker: runner(fails("RUNNER_FAILED")),
      kubernetes: runner(fails("INTERNAL")),
    });
    expect(apps.map(({ app }) => app)).toEqual(["a"]);
    expect(unknown).toEqual([{ runner: "kubernetes", because: "nobody there" }]);
  });

  test("one that does not answer is not waited for long where enough was found", async () => {
    const { apps, unknown } = await look(
      { local: runner(found("a", "local")), kubernetes: runner("return new Promise(() => {});") },
      { enough: (apps) => apps.length > 0, shortPatienceMs: 1 },
    );
    expect(apps.map(({ app }) => app)).toEqual(["a"]);
    expect(unknown).toEqual([{ runner: "kubernetes", because: "it has not answered in time" }]);
  });

  test("one that the user named has to answer", async () => {
    const world = { docker: runner(fails("RUNNER_FAILED")) };
    await expect(look(world, { runner: "docker" })).rejects.toThrow("nobody there");
  });

  test("without a socket or a kubeconfig nobody is asked", async () => {
    const world = { local: runner("return [];"), kubernetes: runner(fails("INTERNAL")) };
    expect(await look(world, { env: { HOME: "/nowhere" } })).toEqual({ apps: [], unknown: [] });
  });
});

test("a runner's module is the one that the app file would find", async () => {
  await look({ local: `${runner("return [];")}export const mine = "${project}";` });
  expect(await loadRunner("local", entry)).toHaveProperty("mine");
});
