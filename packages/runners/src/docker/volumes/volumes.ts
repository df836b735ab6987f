import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { firstOfTar, toTar } from "../../shared/tar.ts";
import { bytesOf } from "../../shared/text.ts";
import type { Engine } from "../engine/client.ts";
import { LABEL } from "../names/labels.ts";

/** What is to be in a volume. Modes as in `chmod`; `owner` is a user id. */
export interface VolumeContent {
  readonly volume: string;
  /** Who may write into the volume itself. */
  readonly owner: number;
  readonly mode: number;
  readonly files: readonly {
    readonly name: string;
    readonly content: string;
    readonly owner: number;
    readonly mode: number;
  }[];
}

/**
 * Puts files into volumes through a container that mounts them and is never started: an engine takes files for created
 * containers, and refuses them for running ones whose file system is read-only. `image` is any image on the engine.
 */
export async function fillVolumes(
  engine: Engine,
  app: string,
  image: string,
  contents: readonly VolumeContent[],
  signal?: AbortSignal,
): Promise<void> {
  if (contents.length === 0) return;
  const body = {
    Image: image,
    Entrypoint: ["true"],
    Labels: { [LABEL.app]: app, [LABEL.role]: "writer" },
    HostConfig: {
      NetworkMode: "none",
      Mounts: contents.map(({ volume }, index) => ({
        Type: "volume",
        Source: volume,
        Target: `/volumes/${index}`,
        VolumeOptions: { NoCopy: true },
      })),
    },
  };
  const name = `${app}.writer-${randomBytes(4).toString("hex")}`;
  const { Id } = await engine.post<{ Id: string }>("/containers/create", { query: { name }, body, signal });
  try {
    await engine.put(`/containers/${Id}/archive`, {
      query: { path: "/volumes" },
      body: toArchive(contents),
      signal,
    });
  } finally {
    await engine.delete(`/containers/${Id}`, { query: { force: true } });
  }
}

/** Reads one file of a container; undefined where it is not there. */
export async function readContainerFile(
  engine: Engine,
  id: string,
  path: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  let archive: Readable;
  try {
    archive = await engine.stream(`/containers/${id}/archive`, { query: { path }, signal });
  } catch (error) {
    if ((error as { status?: number }).status === 404) return undefined;
    throw error;
  }
  return firstOfTar(await bytesOf(archive));
}

function toArchive(contents: readonly VolumeContent[]): Uint8Array {
  const folders = contents.map(({ owner, mode }, index) => ({ path: String(index), owner, mode }));
  const files = contents.flatMap((volume, index) =>
    volume.files.map(({ name, content, owner, mode }) => ({
      path: `${index}/${name}`,
      content: Buffer.from(content),
      owner,
      mode,
    })),
  );
  return toTar(files, folders);
}
