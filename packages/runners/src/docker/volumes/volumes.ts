import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { firstOfTar, toTar } from "../../shared/tar.ts";
import { bytesOf } from "../../shared/text.ts";
import type { Engine } from "../engine/client.ts";
import { statusOf } from "../engine/client.ts";
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
  await using container = await createHelper(
    engine,
    { app, image, volumes: contents.map(({ volume }) => volume) },
    signal,
  );
  await engine.put(`/containers/${container.id}/archive`, {
    query: { path: VOLUMES_FOLDER },
    body: toArchive(contents),
    signal,
  });
}

/** Reads one file of a volume that no container need mount; undefined where it is not there. `image`: any on the engine. */
export async function readVolumeFile(
  engine: Engine,
  from: { readonly app: string; readonly image: string; readonly volume: string; readonly file: string },
  signal?: AbortSignal,
): Promise<string | undefined> {
  await using container = await createHelper(engine, { ...from, volumes: [from.volume] }, signal);
  return await readContainerFile(engine, container.id, `${VOLUMES_FOLDER}/0/${from.file}`, signal);
}

/** Reads one file of an image of the app; undefined where it is not there. */
export async function readImageFile(
  engine: Engine,
  from: { readonly app: string; readonly image: string; readonly path: string },
  signal?: AbortSignal,
): Promise<string | undefined> {
  await using container = await createHelper(engine, { ...from, volumes: [] }, signal);
  return await readContainerFile(engine, container.id, from.path, signal);
}

const VOLUMES_FOLDER = "/volumes";

/** A container that is never started, removed when it is disposed of. Volumes are in a folder of their number each. */
async function createHelper(
  engine: Engine,
  { app, image, volumes }: { readonly app: string; readonly image: string; readonly volumes: readonly string[] },
  signal: AbortSignal | undefined,
): Promise<AsyncDisposable & { readonly id: string }> {
  const body = {
    Image: image,
    Entrypoint: ["true"],
    Labels: { [LABEL.app]: app, [LABEL.role]: "writer" },
    HostConfig: {
      NetworkMode: "none",
      Mounts: volumes.map((Source, index) => ({
        Type: "volume",
        Source,
        Target: `${VOLUMES_FOLDER}/${index}`,
        VolumeOptions: { NoCopy: true },
      })),
    },
  };
  const name = `${app}.writer-${randomBytes(4).toString("hex")}`;
  const { Id } = await engine.post<{ Id: string }>("/containers/create", { query: { name }, body, signal });
  return {
    id: Id,
    async [Symbol.asyncDispose]() {
      await engine.delete(`/containers/${Id}`, { query: { force: true } });
    },
  };
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
    if (statusOf(error) === 404) return undefined;
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
