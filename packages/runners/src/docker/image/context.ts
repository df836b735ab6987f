import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ImageContent } from "./content.ts";

/** A build context as the engine takes it, until it is disposed of. */
export interface Context extends AsyncDisposable {
  readonly tar: NodeJS.ReadableStream;
}

/** Lays a context out in a folder and packs it with tar-fs, without owners and times: the engine's cache must not see them. */
export async function packContext({ dockerfile, files }: ImageContent): Promise<Context> {
  const { pack } = await import("tar-fs");
  const folder = await mkdtemp(join(tmpdir(), "hadron-context-"));
  const executable = new Set(files.filter((file) => file.executable).map((file) => file.path));
  const folders = new Set(files.map((file) => dirname(join(folder, file.path))));
  try {
    await Promise.all([...folders].map((path) => mkdir(path, { recursive: true })));
    await Promise.all([
      writeFile(join(folder, "Dockerfile"), dockerfile),
      ...files.map(({ path, content, link }) =>
        link === undefined ? writeFile(join(folder, path), content) : symlink(link, join(folder, path)),
      ),
    ]);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const tar = pack(folder, {
    map: (header) => ({
      ...header,
      uid: 0,
      gid: 0,
      mtime: new Date(0),
      mode: header.type === "directory" || executable.has(header.name) ? 0o755 : 0o644,
    }),
  });
  return {
    tar,
    async [Symbol.asyncDispose]() {
      tar.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
