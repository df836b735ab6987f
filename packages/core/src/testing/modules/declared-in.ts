import type { Site } from "../../declare/definition.ts";
import { lineOf, userFrames } from "../../declare/site.ts";

/** The user's file that declared a service or a resource; undefined where its stack does not say. */
export function declaredIn({ site }: { readonly site: Site }): string | undefined {
  const line = lineOf(site);
  return line === undefined ? undefined : toFile(line);
}

/** The user's files that a stack goes through. */
export function filesOf(stack: string | undefined): ReadonlySet<string> {
  return new Set(userFrames(stack ?? "").map(({ place }) => toFile(place)));
}

/** Without line and column, and without what a loader added to tell versions of it apart. */
function toFile(place: string): string {
  return decodeURI(place.replace(/(?:\?[^:]*)?:\d+:\d+$/, ""));
}
