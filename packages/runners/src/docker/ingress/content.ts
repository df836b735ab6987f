import { fileURLToPath } from "node:url";
import { bundle } from "../../bundle/index.ts";
import { type ImageContent, toContent } from "../image/index.ts";
import { LABEL } from "../names/labels.ts";
import { APP_FOLDER, USER_ID } from "../names/layout.ts";

/**
 * The image of an ingress: the same base, and one file of ours. Not the app's image, so that it stays as it is, and keeps
 * its port, when the app's code changes.
 */
export async function ingressContent(
  app: string,
  base: { readonly name: string; readonly id: string },
  signal: AbortSignal,
): Promise<ImageContent> {
  // Beside this file, in the sources and in what is published.
  const entry = fileURLToPath(new URL(`./main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));
  const { code, map } = await bundle(entry, { signal });
  const lines = [
    `FROM ${base.name}`,
    `LABEL ${LABEL.app}=${app}`,
    `WORKDIR ${APP_FOLDER}`,
    `USER ${USER_ID}:${USER_ID}`,
    `COPY app/ ${APP_FOLDER}/`,
  ];
  const files = [
    { path: "app/ingress.mjs", content: code, executable: false },
    { path: "app/ingress.mjs.map", content: map, executable: false },
  ];
  return toContent(lines, files, base.id);
}
