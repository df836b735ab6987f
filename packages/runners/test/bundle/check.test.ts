import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Program } from "@hadron/core/spi";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkBundle } from "../../src/bundle/check.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hadron check "));
});
afterEach(() => rm(folder, { recursive: true }));

/** What a bundle says when it is run as this service's replica would. */
function check(code: string, service: object, options = {}): Promise<void> {
  const declared = { name: "greet", image: null, env: {}, secrets: [], ...service };
  const program = {
    topology: { app: "app", services: [declared] },
    entry: join(folder, "app.ts"),
    hash: "",
    runCall: 2,
    secrets: { TOKEN: "s3cret" },
  };
  const built = {
    code: Buffer.from(code),
    map: Buffer.from('{"version":3,"sources":[],"mappings":""}'),
    externals: [],
  };
  return checkBundle(built, program as unknown as Program, new AbortController().signal, options);
}

/** A file that is content if what it computes from its environment is true. */
const content = (condition: string) =>
  `const env = process.env; console.log(JSON.stringify((${condition}) ? { ok: true } : { error: { code: "ABORTED", message: JSON.stringify(env) } }));`;

test("a file is checked with the environment that its service declares, and its secrets", async () => {
  await check(content(`env.COLOR === "red" && env.TOKEN === "s3cret" && env.LATER === ""`), {
    env: { COLOR: "red" },
    secrets: ["TOKEN", "LATER"],
  });
});

test("a file is checked as a replica of the app that is deployed", async () => {
  await check(content(`env.HADRON_APP === "app" && env.HADRON_SERVICE === "greet" && env.HADRON_RUN === "2"`), {});
});

test("a file that is checked sees of this machine's environment what a replica would", async () => {
  const told = content(`Object.keys(env).every((name) => /^(HADRON_|PATH$)/.test(name))`);
  await check(told, {});
  await check(content(`env.MINE === "1" && env.PATH === undefined`), {}, { inherited: { MINE: "1" } });
});

test("what the file says against itself is the error; a file that ends without a word is one unless told otherwise", async () => {
  await expect(check(content("false"), {})).rejects.toMatchObject({ code: "ABORTED" });
  const silent = `console.error("lost its way"); process.exitCode = 7;`;
  await expect(check(silent, {})).rejects.toMatchObject({
    code: "RUNNER_FAILED",
    message: expect.stringMatching(/exit code 7\):\nlost its way/),
  });
  await check(silent, {}, { judgeSilence: false });
});

test("an app of images alone has no code to check", async () => {
  await check("process.exitCode = 1;", { image: { reference: "redis" } });
});
