import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HadronError, type Program } from "@hadron/core/spi";
import type { Bundle } from "../../bundle/index.ts";
import { LABEL } from "../names/labels.ts";
import { APP_FOLDER, FILES_FOLDER, USER_ID } from "../names/layout.ts";
import { placePackages } from "./packages.ts";

/** One file of an image's build context. */
export interface ContextFile {
  /** In the context, e.g. `app/app.mjs`. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

/** What an image is made of. */
export interface ImageContent {
  readonly dockerfile: string;
  readonly files: readonly ContextFile[];
  /** The same content on the same base has the same: 12 hexadecimal digits of SHA-256. */
  readonly hash: string;
}

/** The app's image: packages that could not be bundled, files to take along, and the bundle, in layers of their own. */
export async function appContent(
  program: Program,
  bundle: Bundle,
  base: { readonly name: string; readonly id: string },
): Promise<ImageContent> {
  const packages = await Promise.all(
    placePackages(bundle.externals).map(({ directory, path }) =>
      readTree(directory, `packages/${path}`, "node_modules"),
    ),
  );
  const folder = dirname(program.entry);
  const wanted = [...new Set(program.topology.services.flatMap((one) => one.files))];
  const taken = await Promise.all(wanted.map((path) => readTree(checkFile(folder, path), `files/${path}`)));
  const app: ContextFile[] = [
    { path: "app/app.mjs", content: bundle.code, executable: false },
    { path: "app/app.mjs.map", content: bundle.map, executable: false },
    { path: "app/topology.json", content: Buffer.from(JSON.stringify(program.topology)), executable: false },
  ];
  // What changes least comes first, so that a changed line of code is one small layer on top.
  const lines = [
    `FROM ${base.name}`,
    `LABEL ${LABEL.app}=${program.topology.app}`,
    `WORKDIR ${FILES_FOLDER}`,
    `USER ${USER_ID}:${USER_ID}`,
    ...(packages.length > 0 ? [`COPY packages/ ${APP_FOLDER}/node_modules/`] : []),
    ...(taken.length > 0 ? [`COPY files/ ${FILES_FOLDER}/`] : []),
    `COPY app/ ${APP_FOLDER}/`,
  ];
  return toContent(lines, [...packages.flat(), ...taken.flat(), ...app], base.id);
}

/** Puts the lines of a Dockerfile and its files together, and signs them. */
export function toContent(lines: readonly string[], files: readonly ContextFile[], baseId: string): ImageContent {
  const hash = createHash("sha256").update(JSON.stringify([lines, baseId]));
  for (const { path, content, executable } of files) {
    hash.update(JSON.stringify([path, executable, content.byteLength])).update(content);
  }
  return { dockerfile: `${lines.join("\n")}\n`, files, hash: hash.digest("hex").slice(0, 12) };
}

function checkFile(folder: string, path: string): string {
  const found = join(folder, path);
  if (existsSync(found)) return found;
  throw new HadronError(
    "RUNNER_FAILED",
    `files: there is no "${path}" in ${folder}, which a service wants to take along.`,
  );
}

/** All files of a folder, or the one file; links are followed. Sorted, so that the same tree gives the same list. */
async function readTree(from: string, path: string, except?: string): Promise<readonly ContextFile[]> {
  const info = await stat(from);
  if (!info.isDirectory()) {
    return info.isFile() ? [{ path, content: await readFile(from), executable: (info.mode & 0o111) !== 0 }] : [];
  }
  const names = (await readdir(from)).filter((name) => name !== except).sort();
  return (await Promise.all(names.map((name) => readTree(join(from, name), `${path}/${name}`)))).flat();
}
