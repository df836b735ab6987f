import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { BuildOptions, BuildResult, Plugin } from "esbuild";
import { builtins } from "./builtins.ts";
import { type Esbuild, withEsbuild } from "./esbuild.ts";
import { type ExternalPackage, findExternal, nativePackages } from "./external.ts";
import { toBundleError } from "./failure.ts";
import { asksForPlaces, PLACE_NAMES, tellPlaces } from "./module-places.ts";
import { prologue } from "./prologue.ts";

/** An app file and all that it imports, as one ES module for Node 24. */
export interface Bundle {
  /** What goes into `app.mjs`. */
  readonly code: Uint8Array;
  /** What goes into `app.mjs.map`, beside it. Its sources are relative to the app file's folder. */
  readonly map: Uint8Array;
  /** 16 hexadecimal digits of SHA-256 of the code. The same sources give the same hash on every machine. */
  readonly hash: string;
  /** Packages that could not be taken in, and that the code finds in a `node_modules` beside it. */
  readonly externals: readonly ExternalPackage[];
}

export interface BundleOptions {
  /** Names of packages to leave outside, beside those with native addons, which are found out. @default [] */
  readonly external?: readonly string[];
  readonly signal?: AbortSignal;
}

/** What runs on the deploying side only: never loaded in a replica, so never part of its code. */
const DEPLOY_SIDE = ["@hadron/core/cli", "@hadron/core/testing", "@hadron/runners", "@hadron/runners/*"];

/**
 * Bundles an app file. RUNNER_FAILED, with file, line and column, where it does not parse or an import is not found.
 *
 * - CommonJS packages work, `require` included. Packages with native addons stay outside: see {@link Bundle.externals}.
 * - `import.meta.url`, `.dirname`, `.filename`, `.main`, and CommonJS's `__dirname` and `__filename` mean what they
 *   meant in the module that says them, if the working directory stands for the app file's folder. It is that folder
 *   under the local runner; in an image it holds the service's `files`. `import.meta.resolve` means the bundle.
 * - The first lines put `HADRON_SECRETS_FILE` into `process.env`, and make stack traces show the user's own lines, for
 *   which the map is read when the first of them is asked for.
 *
 * @example
 * const { code, map } = await bundle("/home/ann/histogram.ts");
 */
export function bundle(entry: string, options: BundleOptions = {}): Promise<Bundle> {
  return withEsbuild((esbuild) => bundleWith(esbuild, entry, options));
}

async function bundleWith(esbuild: Esbuild, entry: string, options: BundleOptions): Promise<Bundle> {
  const folder = dirname(entry);
  const external = new Map<string, ExternalPackage>();
  for (const name of options.external ?? []) external.set(name, findExternal(name, folder));

  const build = async (...plugins: readonly Plugin[]): Promise<BuildResult<Output>> => {
    options.signal?.throwIfAborted();
    try {
      return await esbuild.build({ ...settings(entry, folder, [...external.keys()]), plugins: [builtins, ...plugins] });
    } catch (cause) {
      throw toBundleError(entry, cause);
    }
  };

  let built = await build();
  const native = nativePackages(built.metafile, folder);
  if (native.length > 0) {
    for (const one of native) external.set(one.name, one);
    built = await build();
  }
  let code = codeOf(built);
  if (asksForPlaces(code)) {
    built = await build(tellPlaces(entry, folder, built.metafile));
    code = codeOf(built);
  }
  return {
    code,
    map: built.outputFiles.find((file) => file.path.endsWith(".map"))!.contents,
    hash: createHash("sha256").update(code).digest("hex").slice(0, 16),
    externals: [...external.values()],
  };
}

type Output = BuildOptions & { write: false; metafile: true };

function settings(entry: string, folder: string, external: readonly string[]): Output {
  return {
    entryPoints: [entry],
    absWorkingDir: folder,
    // Never written: it makes the paths in the map, and in the comments of the code, relative to the app's folder.
    outfile: `${folder}/app.mjs`,
    write: false,
    metafile: true,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // Node knows no condition "module", which esbuild would add: the replica should get what the deploying side got.
    conditions: [],
    // A function whose name collides with another's is called name2. Keeping its name would redefine that of every function
    // each time it is made: on a call's way, with handlers that make a few, that is a tenth of its CPU time.
    keepNames: false,
    sourcemap: "linked",
    sourcesContent: false,
    define: PLACE_NAMES,
    // A native addon that is met only shows where it is: the package that asks for it is then left outside.
    loader: { ".node": "empty" },
    banner: { js: prologue },
    external: [...DEPLOY_SIDE, ...external],
    logLevel: "silent",
    charset: "utf8",
  };
}

function codeOf(built: BuildResult<Output>): Uint8Array {
  return built.outputFiles.find((file) => file.path.endsWith(".mjs"))!.contents;
}
