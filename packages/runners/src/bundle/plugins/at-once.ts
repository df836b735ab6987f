import type { Plugin } from "esbuild";
import { ask } from "./ask.ts";
import { isOurs } from "./ours.ts";

/**
 * Loads at once what others load late: in a bundle, which is a replica's, `x-late.ts` of ours is `x.ts`, which has the same
 * exports. What is imported by `import()` esbuild wraps, with all that it imports in turn: here that was nearly everything.
 */
export const atOnce: Plugin = {
  name: "hadron-at-once",
  setup(build) {
    build.onResolve({ filter: /^\.\/[\w-]+-late\.[jt]s$/ }, (args) =>
      isOurs(args.importer) ? ask(build, { ...args, path: args.path.replace(/-late(?=\.[jt]s$)/, "") }) : undefined,
    );
  },
};
