import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A door of a published package. */
export interface PublicEntry {
  /** How users import it. */
  readonly title: string;
  /** Its declarations, inside the package. */
  readonly types: string;
  /** Where its report is kept, in the package's folder. */
  readonly report: string;
}

/** The doors of a package that was unpacked into a folder; those that are data have no declarations, and are left out. */
export function publicEntries(folder: string): PublicEntry[] {
  const { name, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.entries(exports as Readonly<Record<string, string | { readonly types: string }>>).flatMap(
    ([subpath, targets]) => {
      if (typeof targets === "string") return [];
      return globSync(targets.types, { cwd: folder })
        .sort()
        .map((types) => {
          const [before, after] = targets.types.split("*") as [string, string?];
          const found = types.replace(/^(?!\.)/, "./");
          const star = after === undefined ? "" : found.slice(before.length, found.length - after.length);
          const door = subpath.replace("*", star).slice(2);
          return {
            title: door === "" ? name : `${name}/${door}`,
            types,
            report: `api/${door === "" ? "index" : door.replaceAll("/", ".")}.api.md`,
          };
        });
    },
  );
}
