import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type { Loader, Metafile, Plugin } from "esbuild";

/**
 * What a module may ask about the place where it lies, and the names that stand for it in the first build. Hardly any
 * app asks; only for one that does, the bundle is built again, and then each module is told its own place.
 */
export const PLACE_NAMES: Readonly<Record<string, string>> = {
  "import.meta.url": "__hadron_url",
  "import.meta.filename": "__hadron_filename",
  "import.meta.dirname": "__hadron_dirname",
  "import.meta.main": "__hadron_main",
  __filename: "__hadron_filename",
  __dirname: "__hadron_dirname",
};

const ASKED = /__hadron_(?:url|filename|dirname|main)\b/;
const ASKS = /import\.meta\b|__filename\b|__dirname\b/;
const LOADERS: Readonly<Record<string, Loader>> = {
  ts: "ts",
  mts: "ts",
  cts: "ts",
  tsx: "tsx",
  jsx: "jsx",
  js: "js",
  mjs: "js",
  cjs: "js",
};

export function asksForPlaces(code: Uint8Array): boolean {
  return ASKED.test(Buffer.from(code.buffer, code.byteOffset, code.byteLength).toString("latin1"));
}

/** Declares those names at the top of each module that asks, by `__hadron_place` of the prologue. */
export function tellPlaces(entries: readonly string[], folder: string, metafile: Metafile): Plugin {
  const known = new Set(Object.keys(metafile.inputs).map((path) => resolve(folder, path)));
  return {
    name: "hadron-places",
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        if (!known.has(path)) return undefined;
        const source = await readFile(path, "utf8");
        if (!ASKS.test(source)) return undefined;
        const place = JSON.stringify(relative(folder, path));
        const names =
          `var { url: __hadron_url, filename: __hadron_filename, dirname: __hadron_dirname, main: __hadron_main } = ` +
          `__hadron_place(${place}, ${entries.includes(path)});`;
        // On the first line, so that the lines of stack traces stay right; a directive must stay in front.
        const [, directive = "", rest = ""] = /^(?:#![^\n]*)?(\s*["']use strict["'];?)?([\s\S]*)$/.exec(source)!;
        return { contents: `${directive};${names}${rest}`, loader: LOADERS[path.split(".").at(-1)!]! };
      });
    },
  };
}
