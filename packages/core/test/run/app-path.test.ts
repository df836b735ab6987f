import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "hadron-app-file-")));
  await mkdir(join(folder, "app/lib"), { recursive: true });
  await mkdir(join(folder, "scripts"));
  await mkdir(join(folder, "elsewhere"));
  await writeFile(join(folder, "app/data.txt"), "");
  await writeFile(join(folder, "elsewhere/data.txt"), "");
  const spi = import.meta.resolve("@hadron/core/spi");
  const declare = `import { recordSite, toAppPath } from "${spi}"; console.log(toAppPath("data.txt", recordSite()));`;
  await writeFile(join(folder, "app/app.ts"), declare);
  await writeFile(join(folder, "scripts/client.ts"), 'import "../app/app.ts";');
  await writeFile(join(folder, "scripts/lost.ts"), declare);
});

afterAll(() => rm(folder, { recursive: true }));

/** What a file says when it is run in a folder of its own. */
function say(file: string, env: NodeJS.ProcessEnv = {}): string {
  const options = {
    cwd: join(folder, "elsewhere"),
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: "pipe",
  } as const;
  return execFileSync(process.execPath, [join(folder, file)], options).trim();
}

test("a file of the app is beside the app file, whoever imports that", () => {
  expect(say("app/app.ts")).toBe(join(folder, "app/data.txt"));
  expect(say("scripts/client.ts")).toBe(join(folder, "app/data.txt"));
});

test("in a replica it is in its working directory", () => {
  expect(say("app/app.ts", { HADRON_SERVICE: "any" })).toBe(join(folder, "elsewhere/data.txt"));
});

test("where it is not, it would be beside the file that was started", () => {
  expect(say("scripts/lost.ts")).toBe(join(folder, "scripts/data.txt"));
});
