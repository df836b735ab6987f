import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { service } from "@hadron/core";
import { openHost } from "@hadron/core/cli/shared";
import type { Runner } from "@hadron/core/spi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunner } from "../../src/docker/index.ts";
import { toProgram } from "../../src/suite.ts";
import { quiet, skip, uniqueApp } from "../docker/engine.ts";
import { type TestApp, testApp } from "./app.ts";
import type { UsedPackage } from "./people-use.ts";

const run = promisify(execFile);
const INSTALL_MS = 900_000;
const USE_MS = 240_000;

const INSTALLERS = {
  npm: ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"],
  pnpm: ["npx", "-y", "pnpm@10", "add", "--ignore-scripts"],
} as const;

/** Where all are tried together, of one image. */
export interface Deployed {
  readonly what: string;
  readonly skip: string | undefined;
  readonly createRunner: () => Runner | Promise<Runner>;
}

const env = process.env as Record<string, string>;

export const inContainer: Deployed = {
  what: "in a container",
  skip,
  createRunner: () => createRunner({ flags: {}, explicitApp: false, env }),
};

/**
 * Each package does in a replica's folder, with the developer's away, what it does in a plain run; and all together in
 * containers.
 */
export function describePackages(
  installer: keyof typeof INSTALLERS,
  packages: readonly UsedPackage[],
  deployed: readonly Deployed[] = [inContainer],
): void {
  describe(`packages that ${installer} installed`, () => {
    let app: TestApp;
    beforeAll(async () => {
      app = await testApp();
      await app.write({ "package.json": `{ "type": "module" }` });
      const [command, ...words] = INSTALLERS[installer];
      const names = packages.flatMap(({ name, beside = [] }) => [name, ...beside]);
      await run(command, [...words, ...new Set(names)], { cwd: app.root, maxBuffer: 1 << 26 });
      // What all are tried together with, wherever that is.
      await mkdir(join(app.root, "node_modules/@hadron"), { recursive: true });
      await symlink(resolve(import.meta.dirname, "../../../core"), join(app.root, "node_modules/@hadron/core"));
    }, INSTALL_MS);
    afterAll(() => app[Symbol.asyncDispose]());

    const plain = new Map<string, unknown>();
    test.each(packages)("$name ($kind)", { timeout: USE_MS }, async ({ name, use, imports = name }) => {
      const file = `use-${name.replaceAll(/\W/g, "-")}.js`;
      // Ended, since some keep the process alive.
      const code = `import * as it from ${JSON.stringify(imports)};\nconst value = ${use};\nprocess.stdout.write(JSON.stringify(value ?? null), () => process.exit(0));`;
      await writeFile(join(app.root, file), code);
      const { stdout } = await run(process.execPath, [file], { cwd: app.root });
      plain.set(name, JSON.parse(stdout));
      expect(await app.execute(await app.layout(file), { PATH: process.env.PATH ?? "" })).toEqual(plain.get(name));
    });

    for (const { what, skip, createRunner } of deployed) {
      test.skipIf(skip !== undefined)(
        `all of them ${what}${skip === undefined ? "" : ` (${skip})`}`,
        { timeout: INSTALL_MS },
        async () => {
          const entry = join(app.root, "all.js");
          await writeFile(entry, toApp(packages));
          const name = uniqueApp("people-use");
          const runner = await createRunner();
          const used = service("used", (name: string): unknown => name, OPTIONS);
          try {
            await runner.apply(toProgram(entry, name, [used]), quiet);
            await using connected = await runner.connect(name, quiet);
            const host = await openHost(name, connected.directory);
            for (const { name } of packages) {
              const value = await host.call("used", "used", name, { timeoutMs: USE_MS }).catch((error: Error) => error);
              expect.soft(value, name).toEqual(plain.get(name));
            }
            host.close();
          } finally {
            await runner.delete(name, { data: true }, quiet);
          }
        },
      );
    }
  });
}

const OPTIONS = { capacity: { memoryMiB: 3072 } };

/** An app that uses a package when it is told its name, and answers as JSON has it. */
function toApp(packages: readonly UsedPackage[]): string {
  const uses = packages.map(
    ({ name, use, imports = name }) => `  ${JSON.stringify(name)}: async () => {
    const it = await import(${JSON.stringify(imports)});
    return ${use};
  },`,
  );
  return `import { run, service } from "@hadron/core";
const uses = {
${uses.join("\n")}
};
export const used = service("used", async (name) => JSON.parse(JSON.stringify((await uses[name]()) ?? null)), ${JSON.stringify(OPTIONS)});
await run(used);
`;
}
