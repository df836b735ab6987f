export { buildImage, ensureImage } from "./build.ts";
export { appContent, type BaseImage, type ImageContent, toContent } from "./content.ts";
