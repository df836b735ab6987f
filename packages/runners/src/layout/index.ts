export { type CheckOptions, checkApp } from "./check.ts";
export { describeLayout } from "./describe.ts";
export { checkAddons, type ImagePlatform, platformOf } from "./foreign-addons.ts";
export type { Layout, LayoutEntry, LayoutLayer, LayoutLink, MadeFile, TakenFile } from "./layout.ts";
export { cacheFolder, compiledFolder, stage } from "./stage.ts";
export { toLayout } from "./to-layout.ts";
