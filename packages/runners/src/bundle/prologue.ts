import { VARIABLE } from "@hadron/core/spi";

/**
 * The first lines of every bundle: plain JavaScript, since they are put before what esbuild makes.
 *
 * - `require`, for CommonJS packages inside.
 * - Secrets that come as a file become environment variables before the user's code reads any.
 * - `__hadron_place(path, main)`: what a module sees of the place where it lay, see `places.ts`.
 * - Stack traces in the user's own lines. Node's --enable-source-maps does the same, but reads the map at each start: for
 *   a map of 440 kB, 7 MB and 6 ms of each replica. Here it is read when the first stack trace is looked at.
 */
export const prologue = `const { readFileSync: __hadron_read } = process.getBuiltinModule("node:fs");
const __hadron_module = process.getBuiltinModule("node:module");
const { dirname: __hadron_dirnameOf, resolve: __hadron_resolve } = process.getBuiltinModule("node:path");
const { pathToFileURL: __hadron_toURL } = process.getBuiltinModule("node:url");
const require = __hadron_module.createRequire(import.meta.url);
const __hadron_bundle = import.meta.url;
const __hadron_folder = process.cwd();
const __hadron_place = (path, main) => {
  const filename = __hadron_resolve(__hadron_folder, path);
  return { url: __hadron_toURL(filename).href, filename, dirname: __hadron_dirnameOf(filename), main };
};
if (process.env.${VARIABLE.secretsFile}) Object.assign(process.env, JSON.parse(__hadron_read(process.env.${VARIABLE.secretsFile}, "utf8")));
let __hadron_map;
const __hadron_lineOf = (found, line, column) => {
  try {
    __hadron_map ??= new __hadron_module.SourceMap(JSON.parse(__hadron_read(new URL(__hadron_bundle + ".map"), "utf8")));
    const entry = __hadron_map.findEntry(line - 1, column - 1);
    if (entry.originalSource === undefined) return found;
    return __hadron_resolve(__hadron_folder, entry.originalSource) + ":" + (entry.originalLine + 1) + ":" + (entry.originalColumn + 1);
  } catch {
    return found; // Without its map, a trace in lines of the bundle is still a trace.
  }
};
Error.prepareStackTrace = (error, sites) => {
  let text;
  try { text = Error.prototype.toString.call(error); } catch { text = "Error"; }
  for (const site of sites) {
    const at = String(site);
    const position = at.lastIndexOf(__hadron_bundle);
    const found = position < 0 ? null : /^:(\\d+):(\\d+)/.exec(at.slice(position + __hadron_bundle.length));
    text += "\\n    at " + (found === null ? at : at.replace(__hadron_bundle + found[0], () => __hadron_lineOf(__hadron_bundle + found[0], +found[1], +found[2])));
  }
  return text;
};
`;
