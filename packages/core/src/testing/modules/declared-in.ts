import type { ServiceDefinition } from "../../declare/definition.ts";
import { lineOf, userFrames } from "../../declare/site.ts";

/** The user's file that declared a service; undefined where its stack does not say. */
export function declaredIn({ site }: ServiceDefinition): string | undefined {
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
