import { existsSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { readPackageJson } from "./find-package.ts";

/** The folder of the workspace (pnpm, npm, yarn), or of the repository, that an app's folder is in; else of its package. */
export function workspaceOf(folder: string): string {
  let nearest: string | undefined;
  for (let at = folder; ; at = dirname(at)) {
    const isRoot =
      existsSync(join(at, "pnpm-workspace.yaml")) ||
      existsSync(join(at, ".git")) ||
      readPackageJson(at).workspaces !== undefined;
    if (isRoot) return at;
    if (existsSync(join(at, "package.json"))) nearest ??= at;
    if (dirname(at) === at) return nearest ?? folder;
  }
}

/** Whether a path is a folder's own or below it. */
export function isWithin(folder: string, path: string): boolean {
  return folder === dirname(folder) || path === folder || path.startsWith(`${folder}${sep}`);
}
