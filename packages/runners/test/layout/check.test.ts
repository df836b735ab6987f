import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Program } from "@hadron/core/spi";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkApp } from "../../src/layout/index.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hadron check "));
});
afterEach(() => rm(folder, { recursive: true }));

/** What an app says when it is run as replicas of these services would. */
async function check(code: string, services: object | readonly object[], options = {}): Promise<void> {
  await mkdir(join(folder, "files"), { recursive: true });
  await writeFile(join(folder, "app.mjs"), code);
  const declared = [services]
    .flat()
    .map((service) => ({ name: "greet", image: null, env: {}, secrets: [], ...service }));
  const program = { topology: { app: "app", services: declared }, runCall: 2, secrets: { TOKEN: "s3cret" } };
  return checkApp(folder, program as unknown as Program, new AbortController().signal, options);
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
  const told = content(
    `Object.keys(env).every((name) => /^(HADRON_|(PATH|NODE_ENV)$)/.test(name)) && env.NODE_ENV === "production"`,
  );
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

test("every service is looked at whose environment is its own, in the folder that stands for the app's", async () => {
  const services = [{ name: "a" }, { name: "b" }, { name: "c", env: { COLOR: "red" } }];
  const told = `import { appendFileSync } from "node:fs"; appendFileSync("seen", process.env.HADRON_SERVICE); ${content("true")}`;
  await check(told, services);
  expect(await readFile(join(folder, "files/seen"), "utf8")).toBe("ac");
  await expect(check(content(`env.COLOR === undefined`), services)).rejects.toMatchObject({ code: "ABORTED" });
});
