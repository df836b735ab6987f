import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, Shell } from "./shell.ts";

const shell = new Shell();
let project: string;

/** A project whose `@hadron/runners` has one folder and one export more: a runner that only writes down what it is asked. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "hadron-project-"));
  const packages = join(project, "node_modules/@hadron");
  const runners = join(packages, "runners");
  mkdirSync(packages, { recursive: true });
  symlinkSync(join(root, "packages/core"), join(packages, "core"));
  cpSync(join(root, "packages/runners/src"), join(runners, "src"), { recursive: true });
  symlinkSync(join(root, "packages/runners/node_modules"), join(runners, "node_modules"));
  cpSync(join(root, "packages/runners/package.json"), join(runners, "package.json"));

  mkdirSync(join(runners, "src/paper"));
  writeFileSync(join(runners, "src/paper/places.ts"), PLACES);
  writeFileSync(join(runners, "src/paper/index.ts"), RUNNER);
  writeFileSync(join(runners, "package.json"), withExport());
  writeFileSync(join(project, "package.json"), '{"type":"module"}');
  writeFileSync(
    join(project, "app.ts"),
    `import { run, service } from "@hadron/core";
await run(service("hello", () => "hello", { expose: true }));
`,
  );
});
afterAll(async () => {
  await shell[Symbol.asyncDispose]();
  rmSync(project, { recursive: true, force: true });
});

const PLACES = `export const summary = "sheets of paper";
export const flags = [{ name: "pencil", value: "COLOUR", help: "what it is written with" }];
export const provides = [];
export const endsWithCommand = false;
export const answers = () => "always";
`;

const RUNNER = `export * from "./places.ts";
export const createRunner = ({ flags }) => ({
  name: "paper",
  apply: async ({ topology }) => ({
    changes: [{ action: "create", kind: "sheet", name: topology.app, because: "declared" }],
    status: {
      app: topology.app, runner: "paper", revision: "1",
      services: [{ name: "hello", endpoint: "paper://" + flags.pencil, replicas: [] }],
    },
  }),
  list: async () => [
    { app: "written", runner: "paper", services: [{ name: flags.pencil ?? "grey", procedures: ["read"], endpoint: null }] },
  ],
});
`;

function withExport(): string {
  const text = { name: "@hadron/runners", version: "0.0.0", type: "module" };
  const names = ["local", "docker", "kubernetes", "paper", "client"];
  const exports = {
    ...Object.fromEntries(names.map((name) => [`./${name}`, `./src/${name}/index.ts`])),
    "./*/places": "./src/*/places.ts",
  };
  return JSON.stringify({ ...text, exports });
}

const app = () => join(project, "app.ts");

test("a runner is one folder and one export: help names it, with its flags", async () => {
  const all = await shell.run([app(), "--help"]);
  expect(all.err).toBe("");
  expect(all.out).toMatch(/--runner=paper +sheets of paper/);
  const own = await shell.run([app(), "--help", "--runner=paper"]);
  expect(own.out).toMatch(/Flags of the paper runner:\n +--pencil=COLOUR +what it is written with/);
});

test("verbs take it and its flags; other runners' commands say whose such a flag is", async () => {
  const up = await shell.run([app(), "up", "--runner=paper", "--pencil=red"]);
  expect([up.status, up.out]).toEqual([0, "hello  paper://red\n"]);
  const wrong = await shell.run([app(), "up", "--pencil=red"]);
  expect(wrong.status).toBe(2);
  expect(wrong.err).toBe("WRONG_USE: --pencil is a flag of paper, not of local: add --runner=paper.\n");
});

test("the client finds what it runs, and takes its flags, too", async () => {
  writeFileSync(
    join(project, "client.ts"),
    `import { runClient } from "@hadron/runners/client";\nawait runClient({ cwd: import.meta.dirname });\n`,
  );
  const client = join(project, "client.ts");
  expect(JSON.parse((await shell.run([client, "--json", "--pencil=blue"])).out)).toEqual({
    services: [{ app: "written", runner: "paper", service: "blue", procedures: ["read"], endpoint: null }],
  });
  expect((await shell.run([client, "--runner=local", "--pencil=blue"])).err).toBe(
    "WRONG_USE: --pencil is a flag of paper, not of local.\n",
  );
  expect((await shell.run([client, "--help"])).out).toContain("--pencil=COLOUR");
});
