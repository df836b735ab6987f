export { buildImage, ensureImage } from "./build.ts";
export { appContent, type ImageContent, toContent } from "./content.ts";
