import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Program } from "@hadron/core/spi";
import { toProgram } from "../../src/suite.ts";

/** An app file of a test's own. It lies here, where Node finds the packages that it imports. */
export interface TemporaryApp extends AsyncDisposable {
  readonly folder: string;
  /** Writes the file anew, and loads it: `run` is given the services named. */
  write(source: string, services: readonly string[], secrets?: Record<string, string>): Promise<Program>;
}

export async function createTemporaryApp(app: string): Promise<TemporaryApp> {
  const folder = join(import.meta.dirname, `.tmp-${randomBytes(4).toString("hex")}`);
  await mkdir(folder);
  let version = 0;
  return {
    folder,
    async write(source, services, secrets = {}) {
      const file = join(folder, "app.ts");
      await writeFile(file, `${HEAD}${source}\nawait run(${services.join(", ")});\n`);
      // A module is loaded once under a name; the file keeps its own, which is in the bundle.
      const loaded = await import(`${pathToFileURL(file).href}?version=${++version}`);
      return toProgram(
        file,
        app,
        services.map((name) => loaded[name]),
        secrets,
      );
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

const HEAD = `import { image, run, service } from "@hadron/core";
import { defineResource, hiddenService } from "@hadron/core/spi";
import { scatter, shard, spread } from "@hadron/patterns";
`;

/** A port of 127.0.0.1 that nobody has just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
