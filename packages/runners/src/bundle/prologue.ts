import { VARIABLE } from "@hadron/core/spi";
import { traces } from "./maps/traces.ts";

/** Puts secrets that come as a file into the environment. */
const secrets = `if (process.env.${VARIABLE.secretsFile}) Object.assign(process.env, JSON.parse(process.getBuiltinModule("node:fs").readFileSync(process.env.${VARIABLE.secretsFile}, "utf8")));
`;

/** A file beside the bundle, and its content: for a bundle of which packages stay outside, see {@link toPrologue}. */
export const FIRST_FILE = { path: "first.mjs", content: secrets } as const;

/**
 * The first lines of every bundle: plain JavaScript, since they are put before what esbuild makes.
 *
 * - Secrets that come as a file become environment variables before the user's code reads any; and before packages do that
 *   are outside, which a module loads before its own first line: then in a file that it imports first.
 * - `require`, for CommonJS packages inside.
 * - `__hadron_place(path, main)`: what a module sees of the place where it lay, see `module-places.ts`.
 * - Stack traces in the user's own lines: `maps/traces.ts`.
 */
export function toPrologue(options: {
  /** The app file's folder, as seen from the bundle's. */
  readonly folder: string;
  /** Whether packages stay outside. */
  readonly outside: boolean;
}): string {
  return `${options.outside ? `import "./${FIRST_FILE.path}";\n` : ""}const __hadron_fs = process.getBuiltinModule("node:fs");
const { dirname: __hadron_dirnameOf, resolve: __hadron_resolve } = process.getBuiltinModule("node:path");
const { fileURLToPath: __hadron_toPath, pathToFileURL: __hadron_toURL } = process.getBuiltinModule("node:url");
const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
const __hadron_bundle = import.meta.url;
const __hadron_folder = __hadron_resolve(__hadron_dirnameOf(__hadron_toPath(__hadron_bundle)), ${JSON.stringify(options.folder)});
const __hadron_place = (path, main) => {
  const filename = __hadron_resolve(__hadron_folder, path);
  return { url: __hadron_toURL(filename).href, filename, dirname: __hadron_dirnameOf(filename), main };
};
const __hadron_named = (value, name) => Object.defineProperty(value, "name", { value: name, configurable: true });
${options.outside ? "" : secrets}${traces}`;
}

/** The first line of what is compiled beside the app file: a worker or a child, in which run() does not act. */
export const SCRIPT_MARK = `globalThis[Symbol.for("dev.hadron.script")] = true;\n`;
