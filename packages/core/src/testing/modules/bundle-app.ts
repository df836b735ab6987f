import { readFile } from "node:fs/promises";
import { builtinModules, createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HadronError } from "../../errors.ts";

/** What is used of esbuild, which this package does not depend on: it is that of whoever bundles apps. */
interface Esbuild {
  build(options: object): Promise<{
    readonly outputFiles: readonly { readonly text: string }[];
    readonly metafile: { readonly inputs: Readonly<Record<string, unknown>> };
  }>;
}

interface Build {
  onResolve(options: { filter: RegExp }, resolve: (found: { path: string }) => object): void;
  onLoad(
    options: { filter: RegExp; namespace?: string },
    load: (found: { path: string }) => object | undefined | Promise<object | undefined>,
  ): void;
}

const LOADERS: Readonly<Record<string, string>> = { ts: "ts", mts: "ts", cts: "ts", tsx: "tsx", jsx: "jsx" };

const names = builtinModules.map((name) => (name.startsWith("node:") ? name : `(?:node:)?${name}`));
const BUILTIN = new RegExp(`^(?:${names.join("|")})$`);
const CORE = /^@hadron\/core(?:\/.*)?$/;
const PLACES = ["url", "filename", "dirname", "main", "resolve"];
const ASKS = /import\.meta\b/;

export interface Bundle {
  readonly code: string;
  /** The files that it was made of. */
  readonly inputs: readonly string[];
}

/**
 * Bundles files, and all that they import, to the body of one async function, in which `__hadron` stands for the world
 * outside: `core(name)`, `builtin(name)`, `meta(path)`, and `modules`, into which it puts the exports of each file.
 *
 * This package stays outside: all replicas share it, as they do the protocol. FAILED_PRECONDITION where there is no
 * esbuild; rejects as that does where it finds an error.
 */
export async function bundleApp(files: readonly [string, ...string[]]): Promise<Bundle> {
  const esbuild = loadEsbuild(files[0]);
  const contents = files.map((file, index) => `import * as m${index} from ${JSON.stringify(file)};`).join("\n");
  const folder = dirname(files[0]);
  const { outputFiles, metafile } = await esbuild.build({
    stdin: {
      contents: `${contents}\n__hadron.modules.push(${files.map((_, index) => `m${index}`).join(", ")});`,
      resolveDir: folder,
    },
    absWorkingDir: folder,
    metafile: true,
    write: false,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    conditions: [],
    sourcemap: "inline",
    define: Object.fromEntries(PLACES.map((place) => [`import.meta.${place}`, `__hadron_${place}`])),
    logLevel: "silent",
    charset: "utf8",
    plugins: [{ name: "hadron-world", setup: leaveTheWorldOutside }],
  });
  // What has a namespace, or is the text above, is no file.
  const inputs = Object.keys(metafile.inputs).filter((input) => !/^(?:[\w-]+:|<)/.test(input));
  return { code: outputFiles[0]?.text ?? "", inputs: inputs.map((input) => resolve(folder, input)) };
}

function leaveTheWorldOutside(build: Build): void {
  build.onResolve({ filter: CORE }, ({ path }) => ({ path, namespace: "hadron-core" }));
  build.onResolve({ filter: BUILTIN }, ({ path }) => ({ path, namespace: "hadron-builtin" }));
  const stub = (kind: string) => (found: { path: string }) => ({
    contents: `module.exports = __hadron.${kind}(${JSON.stringify(found.path)});`,
    loader: "js",
  });
  build.onLoad({ filter: /.*/, namespace: "hadron-core" }, stub("core"));
  build.onLoad({ filter: /.*/, namespace: "hadron-builtin" }, stub("builtin"));
  build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, async ({ path }) => {
    const source = await readFile(path, "utf8");
    if (!ASKS.test(source)) return undefined;
    const bound = PLACES.map((place) => `${place}: __hadron_${place}`).join(", ");
    // On the first line, so that the lines of stack traces stay right.
    const place = `const { ${bound} } = __hadron.meta(${JSON.stringify(path)});`;
    return { contents: place + source.replace(/^#![^\n]*/, ""), loader: LOADERS[path.split(".").at(-1) ?? ""] ?? "js" };
  });
}

/** From the app's own file, or from the runners beside it, which bundle apps with it. */
function loadEsbuild(file: string): Esbuild {
  const fromApp = createRequire(pathToFileURL(file));
  for (const from of [() => fromApp, () => createRequire(fromApp.resolve("@hadron/runners"))]) {
    try {
      return from()("esbuild");
    } catch {
      // Not there: the next may have it.
    }
  }
  throw new HadronError("FAILED_PRECONDITION", `there is no esbuild beside ${file}: install @hadron/runners`);
}
