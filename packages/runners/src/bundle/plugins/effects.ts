import { resolve } from "node:path";
import type { BuildResult, Plugin } from "esbuild";
import { ask, escapeText } from "./ask.ts";
import { isOurs } from "./ours.ts";

/**
 * What the app's own files import for its effect alone, and esbuild left out because a package.json says `sideEffects: false`:
 * that is said to whoever imports names of the package, and not to whoever wants the effect. `./x.ts` or `pkg/x`, as they say it.
 */
export function droppedImports({ warnings }: Pick<BuildResult, "warnings">, folder: string): readonly string[] {
  return warnings.flatMap(({ id, location }) => {
    if (id !== "ignored-bare-import" || location === null) return [];
    const { file, lineText, column, length } = location;
    if (isOurs(resolve(folder, file))) return [];
    const said = Buffer.from(lineText)
      .subarray(column, column + length)
      .toString("utf8");
    return [said.slice(1, -1)];
  });
}

/** Keeps them. */
export function keepEffects(said: ReadonlySet<string>): Plugin {
  const filter = new RegExp(`^(?:${[...said].map((path) => escapeText(path)).join("|")})$`);
  return {
    name: "hadron-effects",
    setup(build) {
      build.onResolve({ filter }, async (args) => {
        if (/[\\/]node_modules[\\/]/.test(args.importer)) return undefined;
        const found = await ask(build, args);
        return found === undefined || found.errors.length > 0 ? undefined : { ...found, sideEffects: true };
      });
    },
  };
}
