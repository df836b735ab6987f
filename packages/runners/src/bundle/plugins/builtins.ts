import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

/**
 * Takes of Node's own modules what is asked for. An `import` reads every export of such a module, and some of those load
 * what nobody wanted: `node:http` alone brings Node's fetch with it, 13 MB and half of the CPU time that a small replica
 * takes to start. What the code sees is the same.
 */
export const builtins: Plugin = {
  name: "hadron-builtins",
  setup(build) {
    build.onResolve({ filter: BUILTIN }, ({ path, kind }) => ({
      path: path.startsWith("node:") ? path : `node:${path}`,
      namespace: kind === "import-statement" ? "node-import" : "node-require",
    }));
    build.onLoad({ filter: /.*/, namespace: "node-import" }, ({ path }) => ({
      contents: toModule(path),
      loader: "js",
    }));
    build.onLoad({ filter: /.*/, namespace: "node-require" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
      loader: "js",
    }));
  },
};

// Some, such as node:test, are there with the prefix only: without it the name is a package's.
const names = builtinModules.map((name) => (name.startsWith("node:") ? name : `(?:node:)?${name}`));
const BUILTIN = new RegExp(`^(?:${names.join("|")})$`);

/** One pure expression for each export: those that nobody uses are dropped. */
function toModule(path: string): string {
  const lines = [
    `const __hadron_builtin = process.getBuiltinModule(${JSON.stringify(path)});`,
    "export default __hadron_builtin;",
  ];
  for (const name of Object.keys(process.getBuiltinModule(path) ?? {})) {
    if (name !== "default" && /^[\w$]+$/.test(name))
      lines.push(`export const ${name} = /* @__PURE__ */ (() => __hadron_builtin.${name})();`);
  }
  return lines.join("\n");
}
