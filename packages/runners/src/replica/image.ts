import { readFile } from "node:fs/promises";
import { CAPTURES_FILE, type Program, type ServiceTopology } from "@hadron/core/spi";
import { nodeFlags, type SourceMap, toLines } from "../bundle/index.ts";
import { checkAddons, type ImagePlatform, type Layout, type LayoutEntry, type LayoutLayer } from "../layout/index.ts";
import { APP_FOLDER, BUNDLE_FILE, FILES_FOLDER, TOPOLOGY_FILE, USER_ID } from "./layout.ts";

/** One file of a layer, or a link. */
export interface ImageFile {
  /** In the layer's folder, with `/`, e.g. `app.mjs`. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
  /** Where it leads, relative to its folder, for a symbolic link; its content is empty then. */
  readonly link?: string;
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
 * What an app's image has on top of its base: packages that stay as they are, files to take along, and the bundle, in
 * layers of their own. What changes least comes first, so that a changed line of code is one small layer on top.
 * FAILED_PRECONDITION where a native addon is for another system, or for another platform than this one, where it is known.
 */
export async function appLayers(
  { topology, captured }: Pick<Program, "topology" | "captured">,
  { entries, maps }: Layout,
  platform?: ImagePlatform,
): Promise<readonly ImageLayer[]> {
  checkAddons(entries, platform);
  const layerOf = async (name: LayoutLayer, more: readonly ImageFile[] = []): Promise<ImageLayer> => {
    const files = await Promise.all(entries.filter(({ layer }) => layer === name).map(toImageFile));
    return { name, folder: APP_FOLDER, files: [...files, ...more] };
  };
  const told: readonly ImageFile[] = [
    { path: TOPOLOGY_FILE, content: Buffer.from(JSON.stringify(topology)), executable: false },
    ...(captured === undefined ? [] : [{ path: CAPTURES_FILE, content: Buffer.from(captured), executable: false }]),
  ];
  const lines = entries.flatMap((entry): ImageFile[] => {
    const map = maps.get(entry.path);
    if (entry.kind !== "made" || map === undefined) return [];
    const content = toLines(entry.content, JSON.parse(Buffer.from(map).toString("utf8")) as SourceMap);
    return [{ path: `${entry.path}.lines`, content, executable: false }];
  });
  return Promise.all([layerOf("packages"), layerOf("files"), layerOf("app", [...lines, ...told])]);
}

async function toImageFile(entry: LayoutEntry): Promise<ImageFile> {
  const { path } = entry;
  if (entry.kind === "link") return { path, content: new Uint8Array(), executable: false, link: entry.target };
  if (entry.kind === "made") return { path, content: entry.content, executable: false };
  return { path, content: await readFile(entry.source), executable: entry.executable };
}
