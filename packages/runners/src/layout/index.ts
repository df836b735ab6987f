export { type CheckOptions, checkApp } from "./check.ts";
export { describeLayout } from "./describe.ts";
export type { Layout, LayoutEntry, LayoutLayer, LayoutLink, MadeFile, TakenFile } from "./layout.ts";
export { checkAddons } from "./packages/foreign-addons.ts";
export { cacheFolder, stage } from "./stage.ts";
export { toLayout } from "./to-layout.ts";
