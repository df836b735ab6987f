import { WasiError } from "./errno.ts";
import type { FileNode, Folder } from "./nodes.ts";

/** A last step of a path: the folder in which it would be taken, and its name. */
export interface Place {
  readonly folder: Folder;
  /** Undefined: the path leads to the folder itself. */
  readonly name: string | undefined;
}

/**
 * Walks a path from a folder, step by step, as text: `..` goes back over a step that was taken, and above the folder from
 * which the path begins it is `notcapable`. So does a path that begins at the root.
 */
function walk(from: Folder, path: string): Place {
  if (path === "") throw new WasiError("noent");
  if (path.startsWith("/") || path.includes("\0")) throw new WasiError("notcapable");
  const way: Folder[] = [from];
  const steps = path.split("/").filter((step) => step !== "" && step !== ".");
  for (const [index, step] of steps.entries()) {
    const folder = way.at(-1) ?? from;
    if (step === "..") {
      if (way.length === 1) throw new WasiError("notcapable");
      way.pop();
      continue;
    }
    if (index === steps.length - 1) return { folder, name: step };
    const next = folder.child(step);
    if (next === undefined) throw new WasiError("noent");
    if (next.kind !== "folder") throw new WasiError("notdir");
    way.push(next);
  }
  return { folder: way.at(-1) ?? from, name: undefined };
}

/** What is at a path. Throws `noent` where nothing is, `notdir` where it says by a slash that it is a folder and it is none. */
export function find(from: Folder, path: string): FileNode {
  const { folder, name } = walk(from, path);
  const node = name === undefined ? folder : folder.child(name);
  if (node === undefined) throw new WasiError("noent");
  if (path.endsWith("/") && node.kind !== "folder") throw new WasiError("notdir");
  return node;
}

/** The last step of a path that is to be made, removed or moved. Throws `inval` where there is none. */
export function placeOf(from: Folder, path: string): { readonly folder: Folder; readonly name: string } {
  const { folder, name } = walk(from, path);
  if (name === undefined) throw new WasiError("inval");
  return { folder, name };
}
