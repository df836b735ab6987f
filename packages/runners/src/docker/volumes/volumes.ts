import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
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
      body: await toArchive(contents),
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
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  // One file: a header of 512 bytes, with the size in octal at 124, and then its content.
  const tar = Buffer.concat(chunks);
  const size = Number.parseInt(tar.toString("latin1", 124, 135), 8);
  return tar.toString("utf8", 512, 512 + size);
}

async function toArchive(contents: readonly VolumeContent[]): Promise<Buffer> {
  const { pack } = await import("tar-stream");
  const tar = pack();
  for (const [index, { owner, mode, files }] of contents.entries()) {
    tar.entry({ name: `${index}/`, type: "directory", uid: owner, gid: owner, mode });
    for (const file of files) {
      tar.entry({ name: `${index}/${file.name}`, uid: file.owner, gid: file.owner, mode: file.mode }, file.content);
    }
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
