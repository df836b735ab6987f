import { dirname, posix, relative, sep } from "node:path";
import { isWithin } from "./workspace.ts";

/** Where files of this machine lie in the layout. */
export interface Placement {
  /** The app file's folder in the layout, e.g. `files`, or `tree/apps/shop` where things of above go along. */
  readonly appFolder: string;
  /** Whether `files` is a link to that. */
  readonly linked: boolean;
  placeOf(path: string): string;
}

/**
 * Places keep to each other as on this machine, from the lowest folder that holds them all: so packages find each other, and
 * relative paths lead where they led.
 */
export function toPlacement(appFolder: string, paths: Iterable<string>): Placement {
  let root = appFolder;
  for (const path of paths) while (!isWithin(root, path)) root = dirname(root);
  const linked = root !== appFolder;
  const top = linked ? "tree" : "files";
  const placeOf = (path: string) => posix.join(top, relative(root, path).replaceAll(sep, "/"));
  return { appFolder: placeOf(appFolder), linked, placeOf };
}
