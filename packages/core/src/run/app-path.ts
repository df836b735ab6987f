import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Site } from "../declare/definition.ts";
import { lineOf } from "../declare/site.ts";
import { entryFile } from "./entry-file.ts";
import { isReplica } from "./environment.ts";

const inReplica = isReplica(process.env);

/**
 * Where a path lies that was declared relative to the app file: beside it on the machine that deploys, in the working folder of
 * a replica, and in a test, whose entry file is another, beside the file that declared it.
 */
export function toAppPath(path: string, site: Site): string {
  if (inReplica) return resolve(path);
  const file = lineOf(site)?.replace(/(?:\?[^:]*)?:\d+:\d+$/, "");
  const files = [entryFile(), file].filter((known) => known !== undefined);
  const places = files.map((known) => resolve(dirname(decodeURI(known)), path));
  return places.find((place) => existsSync(place)) ?? places[0] ?? resolve(path);
}
