import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Program } from "@hadron/core/spi";
import { type Layout, stage, toLayout } from "../../src/layout/index.ts";

const run = promisify(execFile);

/** A folder of a developer, with an app in it. */
export interface TestApp extends AsyncDisposable {
  readonly root: string;
  /** Writes files, and links where the text begins with `-> `. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  writeBytes(path: string, bytes: Uint8Array): Promise<void>;
  layout(entry?: string, said?: Partial<Pick<Program, "packages">> & { services?: readonly object[] }): Promise<Layout>;
  /** Runs a layout as a replica is, while the developer's folder is away, and returns the JSON that it prints. */
  execute(layout: Layout, env?: Readonly<Record<string, string>>): Promise<any>;
}

export async function testApp(): Promise<TestApp> {
  const home = await realpath(await mkdtemp(join(tmpdir(), "hadron layout ")));
  const root = join(home, "work");
  await mkdir(root);
  return {
    root,
    async write(files) {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        if (text.startsWith("-> ")) await symlink(text.slice(3), join(root, path));
        else await writeFile(join(root, path), text);
      }
    },
    async writeBytes(path, bytes) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), bytes);
    },
    layout: (entry = "app.ts", { packages, services = [] } = {}) => {
      const program = { entry: resolve(root, entry), topology: { app: "app", services }, packages };
      return toLayout(program as unknown as Program, { cache: join(home, "cache") });
    },
    async execute(layout, env = {}) {
      const staged = stage(layout, { cache: join(home, "cache"), app: "app" });
      await rename(root, `${root} away`);
      try {
        const { stdout } = await run(
          process.execPath,
          ["app.mjs"].map((name) => join(staged, name)),
          {
            cwd: join(staged, "files"),
            env,
          },
        );
        return JSON.parse(stdout);
      } finally {
        await rename(`${root} away`, root);
      }
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}

/** What goes along: the paths of a layer. */
export function pathsOf({ entries }: Layout, layer: string): readonly string[] {
  return entries.filter((entry) => entry.layer === layer).map(({ path }) => path);
}
