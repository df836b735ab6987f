import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { HadronError, type Topology } from "@hadron/core/spi";
import { isWithin, workspaceOf } from "./workspace.ts";

/**
 * The files that services declare (`files`), absolute → why. Of a folder all, links followed. FAILED_PRECONDITION where there is
 * none, or it lies outside of the workspace: another machine would not have it.
 */
export function declaredFiles(appFolder: string, topology: Topology): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, files } of topology.services) {
    for (const said of files) {
      const path = resolve(appFolder, said);
      const fail = (what: string) => {
        throw new HadronError("FAILED_PRECONDITION", `files of "${name}": ${what}`);
      };
      if (!existsSync(path)) fail(`there is no "${said}" in ${appFolder}, which it wants to take along.`);
      if (relative(appFolder, path).startsWith("..")) {
        const workspace = workspaceOf(appFolder);
        if (!isWithin(workspace, path))
          fail(`"${said}" is outside of ${workspace}, the workspace of the app. Copy it, or link it, into that.`);
      }
      for (const file of filesBelow(path)) if (!found.has(file)) found.set(file, `files of ${name}`);
    }
  }
  return found;
}

function filesBelow(path: string): readonly string[] {
  const info = statSync(path);
  if (info.isFile()) return [path];
  return info.isDirectory() ? readdirSync(path).flatMap((name) => filesBelow(join(path, name))) : [];
}
