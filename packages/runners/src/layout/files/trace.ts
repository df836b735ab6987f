import { lstatSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { sep } from "node:path";
import { isWithin } from "./workspace.ts";

/** What @vercel/nft makes of sources. */
export interface Traced {
  /** Absolute: files, and symbolic links on the way to them. */
  readonly files: readonly string[];
  /** A file → the files that it was named in; without what was only looked at on the way, such as a package.json. */
  readonly namedBy: ReadonlyMap<string, readonly string[]>;
}

export interface TraceOptions {
  /** Where relative paths begin that code opens. */
  readonly cwd: string;
  /** Nothing outside of it is looked at, but packages: code names files of the system, too. */
  readonly within: string;
  /** Follow imports, or see only what these files themselves name. */
  readonly follow: boolean;
  /** The text to look at in place of a file's own: TypeScript, compiled. @default none */
  readonly compiled?: ReadonlyMap<string, string>;
  /** From one trace to the next: what was read already. */
  readonly cache?: object;
}

/** Larger ones are bundles of their own; to look through one of 1.4 MB takes a second. */
export const LARGEST_SOURCE = 400_000;

/**
 * Which files these load and read, as far as their code says it. @vercel/nft knows how packages find their addons and data; it
 * is loaded when there is something to trace.
 */
export async function trace(
  files: readonly string[],
  { cwd, within, follow, compiled, cache }: TraceOptions,
): Promise<Traced> {
  const absolute = (path: string) => `${sep}${path}`;
  const { nodeFileTrace } = await import("@vercel/nft");
  const { fileList, reasons } = await nodeFileTrace([...files], {
    base: "/",
    processCwd: cwd,
    mixedModules: true,
    ignore: (path) => !isWithin(within, absolute(path)) && !path.includes("node_modules"),
    ...(cache === undefined ? {} : { cache }),
    ...(follow ? {} : { resolve: async () => [] }),
    readFile: async (path) => {
      const text = compiled?.get(path);
      if (text !== undefined) return text;
      const info = await stat(path).catch(() => undefined);
      if (info === undefined) return null;
      // What is asked for may be a folder, such as a package without a main file: that is no reason to see nothing else.
      return !info.isFile() || info.size > LARGEST_SOURCE ? "" : readFile(path, "utf8");
    },
  });
  return {
    files: [...fileList].map(absolute).filter((path) => !lstatSync(path).isDirectory()),
    namedBy: new Map(
      [...reasons]
        .filter(([, { type }]) => type.some((kind) => kind !== "resolve"))
        .map(([path, { parents }]) => [absolute(path), [...parents].map(absolute)]),
    ),
  };
}
