import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "./app.ts";
import type { UsedPackage } from "./people-use.ts";

const run = promisify(execFile);
const INSTALL_MS = 900_000;
const USE_MS = 240_000;

const INSTALLERS = {
  npm: ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"],
  pnpm: ["npx", "-y", "pnpm@10", "add", "--ignore-scripts"],
} as const;

/** Each package does in a replica's folder, with the developer's away, what it does in a plain run. */
export function describePackages(installer: keyof typeof INSTALLERS, packages: readonly UsedPackage[]): void {
  describe(`packages that ${installer} installed`, () => {
    let app: TestApp;
    beforeAll(async () => {
      app = await testApp();
      await app.write({ "package.json": `{ "type": "module" }` });
      const [command, ...words] = INSTALLERS[installer];
      const names = packages.flatMap(({ name, beside = [] }) => [name, ...beside]);
      await run(command, [...words, ...new Set(names)], { cwd: app.root, maxBuffer: 1 << 26 });
    }, INSTALL_MS);
    afterAll(() => app[Symbol.asyncDispose]());

    test.each(packages)("$name ($kind)", { timeout: USE_MS }, async ({ name, use, imports = name }) => {
      const file = `use-${name.replaceAll(/\W/g, "-")}.js`;
      // Ended, since some keep the process alive.
      const code = `import * as it from ${JSON.stringify(imports)};\nconst value = ${use};\nprocess.stdout.write(JSON.stringify(value ?? null), () => process.exit(0));`;
      await writeFile(join(app.root, file), code);
      const plain = await run(process.execPath, [file], { cwd: app.root });
      expect(await app.execute(await app.layout(file), { PATH: process.env.PATH ?? "" })).toEqual(
        JSON.parse(plain.stdout),
      );
    });
  });
}
