import type { BuildFailure, Plugin } from "esbuild";
import { ask, escapeText } from "./ask.ts";

const LAZY = new Set(["require-call", "require-resolve", "dynamic-import"]);

/** What a build could not find: the names, as the sources say them. */
export function unresolvedOf(cause: unknown): readonly string[] {
  const errors = (cause as Partial<BuildFailure>)?.errors ?? [];
  return errors.flatMap(({ text }) => /^Could not resolve "(.+)"/.exec(text)?.[1] ?? []);
}

/**
 * Lets the code ask for these when it runs, where it asks by `require` or `import()`: Node allows that, and what is asked
 * for in vain throws then. Which is what a library counts on that has drivers of which an app installs one.
 */
export function optional(missing: ReadonlySet<string>): Plugin {
  const filter = new RegExp(`^(?:${[...missing].map((name) => escapeText(name)).join("|")})$`);
  return {
    name: "hadron-optional",
    setup(build) {
      build.onResolve({ filter }, async (args) => {
        if (!LAZY.has(args.kind)) return undefined;
        const found = await ask(build, args);
        return found !== undefined && found.errors.length > 0 ? { path: args.path, external: true } : undefined;
      });
    },
  };
}
