export { type Bundle, type BundleInput, type BundleOptions, bundle, bundleIf, type Compiled } from "./bundle.ts";
export { endEsbuild, loadEsbuild, withEsbuild } from "./esbuild.ts";
export { type SourceMap, toLines } from "./maps/lines.ts";
export { nodeFlags } from "./node-flags.ts";
export { isOurs } from "./plugins/ours.ts";
export { FIRST_FILE } from "./prologue.ts";
