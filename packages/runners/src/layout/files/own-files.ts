import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Loader } from "esbuild";
import { withEsbuild } from "../../bundle/index.ts";
import { trace } from "./trace.ts";
import { isWithin, workspaceOf } from "./workspace.ts";

/** What an app's own sources name. */
export interface OwnFiles {
  /** Absolute files → why they go along. */
  readonly files: ReadonlyMap<string, string>;
  /** Sources that run by themselves: in a worker, or as a child. */
  readonly scripts: ReadonlyMap<string, string>;
  /** Packages that are asked for by `require.resolve`, → why they stay as they are. */
  readonly packages: ReadonlyMap<string, string>;
}

const MAY_NAME =
  /import\.meta|__dirname|__filename|readFile|readdir|createReadStream|openAsBlob|loadEnvFile|dotenv|\bWorker\b|\bfork\b|require\.resolve/;
const SOURCE = /\.[cm]?[jt]sx?$/;
const STARTS = /\bnew (?:\w+\.)?Worker\(|\bfork\(/;
const NAMES_ITSELF = /import\.meta\.filename|__filename|(?:URL|Path)\(import\.meta\.url\)|Worker\(import\.meta\.url/;
/** What never goes along, though it lies where something is read: data of replicas, version control, packages. */
const NEVER = /(?:^|[\\/])(?:\.hadron|\.git|node_modules)(?:[\\/]|$)/;

/** Whether a source may name files at all: most do not, and are not looked at any closer. */
export function mayNameFiles(source: string): boolean {
  return MAY_NAME.test(source);
}

/**
 * Finds the files that sources read and start: by `new URL("./x", import.meta.url)`, `import.meta.dirname`, a path in `readFile`,
 * `new Worker`, `fork`, and `.env` where dotenv or `loadEnvFile` is used. A path that is put together when it runs is not found:
 * such files have to be declared.
 */
export async function ownFiles(sources: readonly string[], appFolder: string): Promise<OwnFiles> {
  const files = new Map<string, string>();
  const scripts = new Map<string, string>();
  const packages = new Map<string, string>();
  if (sources.length === 0) return { files, scripts, packages };
  const compiled = await compile(sources);
  const within = workspaceOf(appFolder);
  const { namedBy } = await trace(sources, { cwd: appFolder, within, follow: false, compiled });
  const name = (path: string, by: string, why: "reads" | "starts") => {
    if (NEVER.test(relative(appFolder, path)) || !isWithin(within, path) || !isFile(path)) return;
    const reader = relative(appFolder, by);
    if (SOURCE.test(path) && STARTS.test(compiled.get(by) ?? "")) scripts.set(path, `started by ${reader}`);
    else if (why === "reads" && path !== by) files.set(path, `read by ${reader}`);
  };
  for (const [path, parents] of namedBy) for (const by of parents) if (path !== by) name(path, by, "reads");
  for (const [by, code] of compiled) {
    for (const [, said = ""] of code.matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g))
      name(besides(by, said), by, "reads");
    for (const [, said = ""] of code.matchAll(
      /\b(?:readFile|readFileSync|createReadStream|openAsBlob|open|openSync)\("([^"]+)"/g,
    ))
      name(resolve(appFolder, said), by, "reads");
    for (const [, said = ""] of code.matchAll(/\b(?:Worker|fork)\("([^"]+)"/g))
      name(resolve(appFolder, said), by, "starts");
    if (STARTS.test(code) && NAMES_ITSELF.test(code)) name(by, by, "starts");
    for (const [, said = ""] of code.matchAll(
      /\b(?:require|import\.meta)\.resolve\("((?:@[\w.-]+\/)?[\w][\w.-]*)(?:\/[^"]*)?"/g,
    ))
      packages.set(said, `${relative(appFolder, by)} asks where it is (by require.resolve; external)`);
    if (/\bdotenv\b|\bloadEnvFile\b/.test(code)) name(join(appFolder, ".env"), by, "reads");
    for (const [, said = ""] of code.matchAll(/(?:loadEnvFile\(|\bpath: )"([^"]*\.env[^"]*)"/g))
      name(resolve(appFolder, said), by, "reads");
  }
  return { files, scripts, packages };
}

/** As JavaScript without comments, in esbuild's own hand: strings in double quotes. */
async function compile(sources: readonly string[]): Promise<Map<string, string>> {
  return withEsbuild(async (esbuild) => {
    const done = await Promise.all(
      sources.map(async (path) => {
        const loader = (/^\.[cm]?([jt]sx?)$/.exec(extname(path))?.[1] ?? "js") as Loader;
        const { code } = await esbuild.transform(readFileSync(path, "utf8"), {
          loader,
          target: "esnext",
          charset: "utf8",
        });
        // To be seen as the module that it is, promises or not.
        return [path, code.replaceAll(/"(?:node:)?fs\/promises"/g, '"node:fs"')] as const;
      }),
    );
    return new Map(done);
  });
}

function besides(file: string, said: string): string {
  try {
    return fileURLToPath(new URL(said, pathToFileURL(file)));
  } catch {
    return resolve(dirname(file), `.${sep}`); // Another scheme: no file.
  }
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
