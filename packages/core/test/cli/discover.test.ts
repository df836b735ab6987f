import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discover } from "../../src/cli/runners/discover.ts";
import { installedRunners, type Runners } from "../../src/cli/runners/runners.ts";

/** Projects in which a package of runners is installed, whose worlds are what the test says. */
let base: string;
let project: string;
let entry: string;

const runner = (list: string) => `export * from "./places.js";
export const createRunner = () => ({ list: async ({ signal }) => { ${list} } });
`;
const found = (app: string, name: string) =>
  `return [{ app: "${app}", runner: "${name}", services: [{ name: "hello", procedures: ["hello"], endpoint: null }] }];`;
const fails = (code: string) =>
  `throw Object.assign(new Error("nobody there"), { name: "HadronError", code: "${code}" });`;

/** What each runner says of itself; the local one always answers, the others where the environment says that they are there. */
const places = (name: string) => {
  const answers = { local: '"always"', docker: 'env.DOCKER_HOST ? "perhaps" : "never"' }[name];
  return `export const summary = "the world of ${name}";
export const flags = ${JSON.stringify(name === "kubernetes" ? [{ name: "namespace", value: "NAME", help: "" }] : [])};
export const provides = [];
export const endsWithCommand = ${name === "local"};
export const answers = (env) => ${answers ?? 'env.KUBECONFIG ? "perhaps" : "never"'};
`;
};

function install(modules: Readonly<Record<string, string>>): void {
  const folder = join(project, "node_modules/@hadron/runners");
  const exports = {
    ...Object.fromEntries(Object.keys(modules).map((name) => [`./${name}`, `./${name}/index.js`])),
    "./*/places": "./*/places.js",
    "./client": "./client.js",
  };
  for (const [name, text] of Object.entries(modules)) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, "index.js"), text);
    writeFileSync(join(folder, name, "places.js"), places(name));
  }
  writeFileSync(join(folder, "client.js"), "throw new Error('no runner');");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "@hadron/runners", type: "module", exports }));
}
let counter = 0;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "hadron-discover-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Those of the world alone: below them this package finds the repository's. */
function only(runners: Runners, modules: Readonly<Record<string, string>>): Runners {
  return { ...runners, names: () => runners.names().filter((name) => name in modules) };
}

/** What is discovered where both an engine and a cluster seem to be there. */
function look(modules: Readonly<Record<string, string>>, options: Partial<Parameters<typeof discover>[0]> = {}) {
  // Packages are read once a process: each world is a project of its own.
  counter++;
  project = join(base, String(counter));
  mkdirSync(project);
  entry = join(project, "client.ts");
  install(modules);
  const env = { HOME: project, DOCKER_HOST: "unix:///engine.sock", KUBECONFIG: "config" };
  return discover({
    runners: only(installedRunners(entry), modules),
    env,
    signal: new AbortController().signal,
    patienceMs: 60_000,
    ...options,
  });
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
  expect(await installedRunners(entry).load("local")).toHaveProperty("mine");
});

test("a runner's own flag is given to those that have it, and nobody else is asked", async () => {
  const echo = `export * from "./places.js";
export const createRunner = ({ flags }) => ({ list: async () => [{ app: flags.namespace, runner: "kubernetes", services: [] }] });`;
  const { apps } = await look(
    { local: runner(found("a", "local")), kubernetes: echo },
    { flags: { namespace: "prod" } },
  );
  expect(apps.map(({ app }) => app)).toEqual(["prod"]);
});

describe("a runner is found where it is installed", () => {
  /** A package of somebody's, beside the app file. */
  function add(name: string): void {
    const folder = join(project, "node_modules", name);
    mkdirSync(folder, { recursive: true });
    const exports = { ".": "./index.js", "./places": "./places.js" };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name, type: "module", exports }));
    writeFileSync(
      join(folder, "places.js"),
      places("paper").replace('env.KUBECONFIG ? "perhaps" : "never"', '"always"'),
    );
    writeFileSync(join(folder, "index.js"), runner(found("p", "paper")));
  }

  test("as a folder and an export of @hadron/runners; an export without places is none", async () => {
    await look({ local: runner("return [];"), paper: runner(found("p", "paper")) });
    const runners = installedRunners(entry);
    expect(runners.names()).toEqual(expect.arrayContaining(["local", "paper"]));
    expect(runners.names()).not.toContain("client");
    expect(await runners.places("paper")).toMatchObject({ summary: "the world of paper" });
  });

  test.each(["hadron-runner-paper", "@somebody/hadron-runner-paper"])("as a package %s", async (name) => {
    await look({ local: runner(found("a", "local")) });
    add(name);
    const runners = installedRunners(entry);
    expect(runners.names()).toContain("paper");
    expect((await discover({ runners, env: {}, signal: AbortSignal.timeout(10_000), runner: "paper" })).apps).toEqual([
      expect.objectContaining({ app: "p" }),
    ]);
  });

  test("and one that is not is refused with the names of those that are, and what to install", async () => {
    await look({ local: runner("return [];") });
    await expect(installedRunners(entry).load("papre")).rejects.toMatchObject({
      code: "WRONG_USE",
      message: expect.stringMatching(/There is no runner "papre"; there are local.*hadron-runner-papre/),
    });
  });
});
