import { createHash } from "node:crypto";
import type { Program } from "@hadron/core/spi";
import { type Layout, platformOf } from "../../layout/index.ts";
import { appLayers, IMAGE, type ImageFile, type ImageLayer } from "../../replica/image.ts";
import { LABEL } from "../names/labels.ts";

/** What an image is made of, as the engine builds it. */
export interface ImageContent {
  readonly dockerfile: string;
  /** In the build context, e.g. `app/app.mjs`. */
  readonly files: readonly ImageFile[];
  /** The same content on the same base has the same: 12 hexadecimal digits of SHA-256. */
  readonly hash: string;
}

/** An image on the engine. */
export interface BaseImage {
  readonly name: string;
  readonly id: string;
  /** E.g. `amd64`. */
  readonly architecture: string;
}

/** The app's image. */
export async function appContent(program: Program, layout: Layout, base: BaseImage): Promise<ImageContent> {
  return toContent(
    program.topology.app,
    await appLayers(program, layout, platformOf(base.name, base.architecture)),
    base,
    IMAGE.workingDirectory,
  );
}

/** Writes the Dockerfile of layers upon a base, and signs it together with their files. */
export function toContent(
  app: string,
  layers: readonly ImageLayer[],
  base: BaseImage,
  workingDirectory: string,
): ImageContent {
  const used = layers.filter((layer) => layer.files.length > 0);
  const lines = [
    `FROM ${base.name}`,
    `LABEL ${LABEL.app}=${app}`,
    ...used.map(({ name, folder }) => `COPY ${name}/ ${folder}/`),
    // After the files: it may be a link among them.
    `WORKDIR ${workingDirectory}`,
    `USER ${IMAGE.user}`,
  ];
  const files = used.flatMap((layer) => layer.files.map((file) => ({ ...file, path: `${layer.name}/${file.path}` })));
  const hash = createHash("sha256").update(JSON.stringify([lines, base.id]));
  for (const { path, content, executable, link } of files) {
    hash.update(JSON.stringify([path, executable, content.byteLength, link])).update(content);
  }
  return { dockerfile: `${lines.join("\n")}\n`, files, hash: hash.digest("hex").slice(0, 12) };
}
