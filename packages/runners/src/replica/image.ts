import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CAPTURES_FILE, HadronError, type Program, type ServiceTopology } from "@hadron/core/spi";
import { type Bundle, nodeFlags } from "../bundle/index.ts";
import { APP_FOLDER, BUNDLE_FILE, FILES_FOLDER, TOPOLOGY_FILE, USER_ID } from "./layout.ts";
import { placePackages } from "./packages.ts";

/** One file of a layer. */
export interface ImageFile {
  /** In the layer's folder, with `/`, e.g. `app.mjs`. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

/** Files that an image gets together. */
export interface ImageLayer {
  /** A name for the layer, e.g. `packages`. */
  readonly name: string;
  /** The absolute folder in the image into which they go. */
  readonly folder: string;
  readonly files: readonly ImageFile[];
}

/** How a container of our own code runs, as whom, and where. */
export const IMAGE = {
  workingDirectory: FILES_FOLDER,
  /** Numeric, so that a cluster can see that it is not root. */
  user: `${USER_ID}:${USER_ID}`,
} as const;

/** The command of a replica. */
export function replicaCommand(service: ServiceTopology): readonly string[] {
  return ["node", ...nodeFlags(service.capacity), `${APP_FOLDER}/${BUNDLE_FILE}`];
}

/**
 * What an app's image has on top of its base: packages that could not be bundled, files to take along, and the bundle, in
 * layers of their own. What changes least comes first, so that a changed line of code is one small layer on top.
 * RUNNER_FAILED where a file that a service wants to take along is not there.
 */
export async function appLayers(program: Program, bundle: Bundle): Promise<readonly ImageLayer[]> {
  const folder = dirname(program.entry);
  const wanted = [...new Set(program.topology.services.flatMap((service) => service.files))];
  const [packages, taken] = await Promise.all([
    Promise.all(
      placePackages(bundle.externals).map(({ directory, path }) => readTree(directory, path, "node_modules")),
    ),
    Promise.all(wanted.map((path) => readTree(checkFile(folder, path), path))),
  ]);
  const app: readonly ImageFile[] = [
    { path: BUNDLE_FILE, content: bundle.code, executable: false },
    { path: `${BUNDLE_FILE}.map`, content: bundle.map, executable: false },
    { path: TOPOLOGY_FILE, content: Buffer.from(JSON.stringify(program.topology)), executable: false },
    ...(program.captured === undefined
      ? []
      : [{ path: CAPTURES_FILE, content: Buffer.from(program.captured), executable: false }]),
  ];
  return [
    { name: "packages", folder: `${APP_FOLDER}/node_modules`, files: packages.flat() },
    { name: "files", folder: FILES_FOLDER, files: taken.flat() },
    { name: "app", folder: APP_FOLDER, files: app },
  ];
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
async function readTree(from: string, path: string, except?: string): Promise<readonly ImageFile[]> {
  const info = await stat(from);
  if (!info.isDirectory()) {
    return info.isFile() ? [{ path, content: await readFile(from), executable: (info.mode & 0o111) !== 0 }] : [];
  }
  const names = (await readdir(from)).filter((name) => name !== except).sort();
  return (await Promise.all(names.map((name) => readTree(join(from, name), `${path}/${name}`)))).flat();
}
