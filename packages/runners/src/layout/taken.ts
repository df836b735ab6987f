import { createHash } from "node:crypto";
import { lstat, readFile, readlink, realpath } from "node:fs/promises";
import { dirname, isAbsolute, posix, resolve } from "node:path";
import type { Placement } from "./files/placement.ts";
import type { LayoutEntry, LayoutLayer } from "./layout.ts";

/** A file or a link of this machine, as it goes along. Of the app's own files links are followed; those between packages stay. */
export async function takenEntry(
  source: string,
  placement: Placement,
  layer: LayoutLayer,
  because: string,
): Promise<LayoutEntry> {
  const path = placement.placeOf(source);
  const info = await lstat(source);
  if (info.isSymbolicLink() && layer === "packages") {
    const said = await readlink(source);
    const to = isAbsolute(said) ? await realpath(source) : resolve(await realpath(dirname(source)), said);
    return { kind: "link", path, layer, because, target: posix.relative(posix.dirname(path), placement.placeOf(to)) };
  }
  const content = await readFile(source);
  const mode = info.isSymbolicLink() ? 0 : info.mode;
  return {
    kind: "taken",
    path,
    layer,
    because,
    source,
    bytes: content.byteLength,
    executable: (mode & 0o111) !== 0,
    digest: createHash("sha256").update(content).digest("hex"),
  };
}
