import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { BuildOptions, BuildResult, Metafile, OutputFile, Plugin } from "esbuild";
import { DEPLOY_SIDE, refuseDeploySide } from "./deploy-side.ts";
import { type Esbuild, withEsbuild } from "./esbuild.ts";
import { toBundleError } from "./failure.ts";
import type { SourceMap } from "./maps/lines.ts";
import { restoreNames } from "./maps/names.ts";
import { atOnce } from "./plugins/at-once.ts";
import { builtins } from "./plugins/builtins.ts";
import { droppedImports, keepEffects } from "./plugins/effects.ts";
import { asksForPlaces, PLACE_NAMES, tellPlaces } from "./plugins/module-places.ts";
import { optional, unresolvedOf } from "./plugins/optional.ts";
import { outside } from "./plugins/outside.ts";
import { SCRIPT_MARK, toPrologue } from "./prologue.ts";

/** A file and all that it imports, as one ES module for Node 24. */
export interface Compiled {
  /** The file, absolute. */
  readonly source: string;
  readonly code: Uint8Array;
  /** Its source map, as JSON. Its sources are relative to the app file's folder. */
  readonly map: Uint8Array;
}

/** An app file, compiled, with what is compiled beside it. */
export interface Bundle extends Compiled {
  /** 16 hexadecimal digits of SHA-256 of the code. The same sources give the same hash on every machine. */
  readonly hash: string;
  /** In the order in which they were asked for. */
  readonly scripts: readonly Compiled[];
  /** The files that any of it was made of. */
  readonly inputs: readonly BundleInput[];
}

/** A file that was taken in. */
export interface BundleInput {
  /** Absolute, links resolved. */
  readonly path: string;
  /** Whether any of its code is left in what was made. */
  readonly used: boolean;
  readonly imports: readonly {
    /** As the source says it. */
    readonly said: string;
    /** The file, absolute, where it was taken in. */
    readonly path: string | undefined;
    /** By `require`, `import()`, … : see esbuild's metafile. */
    readonly kind: string;
  }[];
}

/** How a bundle is made. */
export interface BundleOptions {
  /** Files to compile beside it, absolute: workers and children. @default [] */
  readonly scripts?: readonly string[];
  /** For a file of a package that stays outside: what imports it from the bundle, `./files/node_modules/…`. @default none does */
  readonly placeOf?: ((path: string) => string | undefined) | undefined;
  /** The app file's folder as seen from the bundle's, when it runs. @default "files" */
  readonly folder?: string;
  readonly signal?: AbortSignal;
}

/** Looks at what a bundle is made of, before it is; false: it is not wanted so. */
export type Review = (inputs: readonly BundleInput[]) => Promise<boolean>;

/**
 * Bundles an app file. RUNNER_FAILED, with file, line and column, where it does not parse or an import is not found.
 *
 * - CommonJS packages work, `require` included; what is required within a function or a `try` may be missing.
 * - `import.meta.url`, `.dirname`, `.filename`, `.main`, and CommonJS's `__dirname` and `__filename` mean what they
 *   meant in the module that says them, with `folder` for the app file's folder. `import.meta.resolve` means the bundle.
 * - What the app imports for its effect is there. Classes and functions have the names of the source.
 * - The first lines put `HADRON_SECRETS_FILE` into `process.env`, and make stack traces show the user's own lines, by the file
 *   `app.mjs.lines` beside it (`toLines`), if that is there.
 *
 * @example
 * const { code, map } = await bundle("/home/ann/histogram.ts");
 */
export function bundle(entry: string, options: BundleOptions = {}): Promise<Bundle> {
  return withEsbuild(async (esbuild) => {
    const made = await bundleWith(esbuild, entry, options, async () => true);
    if (made === undefined) throw new Error("a bundle that nobody refused is not there");
    return made;
  });
}

/** The same for who may not want it: undefined then, sooner than it would be done. */
export function bundleIf(entry: string, options: BundleOptions, review: Review): Promise<Bundle | undefined> {
  return withEsbuild((esbuild) => bundleWith(esbuild, entry, options, review));
}

/** What a first build finds out, for the next one. */
interface Learnt {
  readonly missing: Set<string>;
  readonly effects: Set<string>;
  places: Plugin | undefined;
}

async function bundleWith(
  esbuild: Esbuild,
  entry: string,
  options: BundleOptions,
  review: Review,
): Promise<Bundle | undefined> {
  const { scripts = [], placeOf, signal } = options;
  const folder = dirname(entry);
  const files = [entry, ...scripts];
  const learnt: Learnt = { missing: new Set(), effects: new Set(), places: undefined };
  for (;;) {
    signal?.throwIfAborted();
    let built: BuildResult<Output>;
    const plugins = [
      builtins,
      atOnce,
      ...(learnt.missing.size > 0 ? [optional(learnt.missing)] : []),
      ...(placeOf === undefined ? [] : [outside(placeOf)]),
      ...(learnt.effects.size > 0 ? [keepEffects(learnt.effects)] : []),
      ...(learnt.places === undefined ? [] : [learnt.places]),
    ];
    try {
      built = await esbuild.build({ ...settings(files, folder, options), plugins });
    } catch (cause) {
      const missing = unresolvedOf(cause).filter((name) => !learnt.missing.has(name));
      if (missing.length === 0) throw toBundleError(entry, cause);
      for (const name of missing) learnt.missing.add(name);
      continue;
    }
    refuseDeploySide(built.metafile, folder);
    if (!(await review(inputsOf(built.metafile, folder)))) return undefined;
    const dropped = droppedImports(built, folder).filter((said) => !learnt.effects.has(said));
    for (const said of dropped) learnt.effects.add(said);
    const asks = learnt.places === undefined && files.some((_, index) => asksForPlaces(outputOf(built, index, ".mjs")));
    if (asks) learnt.places = tellPlaces(files, folder, built.metafile);
    if (dropped.length === 0 && !asks) return toBundle(files, folder, built);
  }
}

function toBundle(files: readonly string[], folder: string, built: BuildResult<Output>): Bundle {
  const compiled = files.map((source, index): Compiled => {
    const map = outputOf(built, index, ".mjs.map");
    const text = Buffer.from(outputOf(built, index, ".mjs")).toString("utf8");
    const named = restoreNames(text, JSON.parse(Buffer.from(map).toString("utf8")) as SourceMap);
    return { source, code: Buffer.from(index === 0 ? named : SCRIPT_MARK.trimEnd() + named), map };
  });
  const hash = createHash("sha256");
  for (const { code } of compiled) hash.update(code);
  const [app, ...scripts] = compiled;
  if (app === undefined) throw new Error("there is no app file");
  return { ...app, scripts, hash: hash.digest("hex").slice(0, 16), inputs: inputsOf(built.metafile, folder) };
}

function inputsOf({ inputs, outputs }: Metafile, folder: string): readonly BundleInput[] {
  const used = new Set<string>();
  for (const output of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) if (bytesInOutput > 0) used.add(path);
  }
  return Object.entries(inputs).flatMap(([path, { imports }]) =>
    // What has a namespace is no file.
    /^[\w-]{2,}:/.test(path)
      ? []
      : {
          path: resolve(folder, path),
          used: used.has(path),
          imports: imports.map((found) => ({
            said: found.original ?? found.path,
            path: found.external === true || /^[\w-]{2,}:/.test(found.path) ? undefined : resolve(folder, found.path),
            kind: found.kind,
          })),
        },
  );
}

type Output = BuildOptions & { write: false; metafile: true };

function settings(
  files: readonly string[],
  folder: string,
  { folder: inLayout = "files", placeOf }: BundleOptions,
): Output {
  return {
    entryPoints: files.map((path, index) => ({ in: path, out: String(index) })),
    absWorkingDir: folder,
    // Never written: it makes the paths in the map, and in the comments of the code, relative to the app's folder.
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    write: false,
    metafile: true,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // Node knows no condition "module", which esbuild would add: the replica should get what the deploying side got.
    conditions: [],
    keepNames: false,
    sourcemap: "external",
    sourcesContent: false,
    define: PLACE_NAMES,
    // A native addon that is met only shows where it is: the package that asks for it is then left outside.
    loader: { ".node": "empty" },
    banner: { js: toPrologue({ folder: inLayout, outside: placeOf !== undefined }) },
    external: [...DEPLOY_SIDE],
    logLevel: "silent",
    logLimit: 0,
    // What is ASCII alone V8 keeps as one byte a letter, and has nothing to decode.
    charset: "ascii",
  };
}

function outputOf(
  { outputFiles }: { readonly outputFiles: readonly OutputFile[] },
  index: number,
  extension: string,
): Uint8Array {
  const name = `/${index}${extension}`;
  const found = outputFiles.find(({ path }) => path.replaceAll("\\", "/").endsWith(name));
  if (found === undefined) throw new Error(`esbuild made no ${name}`);
  return found.contents;
}
