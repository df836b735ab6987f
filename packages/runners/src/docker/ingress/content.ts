import { fileURLToPath } from "node:url";
import { bundle } from "../../bundle/index.ts";
import { APP_FOLDER } from "../../replica/layout.ts";
import { type BaseImage, type ImageContent, toContent } from "../image/index.ts";
import { INGRESS_FILE } from "./spec.ts";

/**
 * The image of an ingress: the same base, and one file of ours. Not the app's image, so that it stays as it is, and keeps
 * its port, when the app's code changes.
 */
export async function ingressContent(app: string, base: BaseImage, signal: AbortSignal): Promise<ImageContent> {
  // Beside this file, in the sources and in what is published.
  const entry = fileURLToPath(new URL(`./main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));
  const { code, map } = await bundle(entry, { signal });
  const files = [
    { path: INGRESS_FILE, content: code, executable: false },
    { path: `${INGRESS_FILE}.map`, content: map, executable: false },
  ];
  return toContent(app, [{ name: "app", folder: APP_FOLDER, files }], base, APP_FOLDER);
}
