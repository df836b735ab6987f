import type { Plugin } from "esbuild";
import { ask } from "./ask.ts";

/** A package, not a file beside the importer. */
const BARE = /^[^./]/;

/** Leaves files of packages outside: the bundle imports them from where `placeOf` says that they are, as seen from it. */
export function outside(placeOf: (path: string) => string | undefined): Plugin {
  return {
    name: "hadron-outside",
    setup(build) {
      build.onResolve({ filter: BARE }, async (args) => {
        if (args.kind === "entry-point") return undefined;
        const found = await ask(build, args);
        // JSON is data: Node would want it said at each import.
        if (found === undefined || found.errors.length > 0 || found.namespace !== "file" || /\.json$/.test(found.path))
          return undefined;
        const place = placeOf(found.path);
        return place === undefined ? undefined : { path: place, external: true };
      });
    },
  };
}
