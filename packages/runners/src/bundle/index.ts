export { type Bundle, type BundleOptions, bundle } from "./bundle.ts";
export { endEsbuild, loadEsbuild } from "./esbuild.ts";
export type { ExternalPackage } from "./external.ts";
export { nodeFlags } from "./node-flags.ts";
