/** What runners share, for those who write one. Users name a runner on the command line. */
export {
  type Bundle,
  type BundleOptions,
  bundle,
  endEsbuild,
  nodeFlags,
} from "./bundle/index.ts";
