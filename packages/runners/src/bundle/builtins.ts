import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

/**
 * Takes Node's own modules as `require` would, not as `import` does: an import reads every export of such a module, and
 * some of those load what nobody asked for. `node:http` alone brings Node's fetch with it: 13 MB, and half of the CPU time
 * that a small replica takes to start. What user code sees of the modules is the same; `import()` of one loads it then.
 */
export const builtins: Plugin = {
  name: "hadron-builtins",
  setup(build) {
    build.onResolve({ filter: BUILTIN }, ({ path }) => ({
      path: path.startsWith("node:") ? path : `node:${path}`,
      namespace: "node",
    }));
    build.onLoad({ filter: /.*/, namespace: "node" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
      loader: "js",
    }));
  },
};

// Some, such as node:test, are there with the prefix only: without it the name is a package's.
const names = builtinModules.map((name) => (name.startsWith("node:") ? name : `(?:node:)?${name}`));
const BUILTIN = new RegExp(`^(?:${names.join("|")})$`);
