import { dirname, sep } from "node:path";
import type { Site } from "./definition.ts";

/** Marks the place that calls: its stack is formatted when it is asked for. */
export function recordSite(): Site {
  return new Error("declared here");
}

/** The user's line of a site, as `file:line:column`: the first that is neither Node's nor a package's of ours. */
export function lineOf({ stack }: Site): string | undefined {
  return userFrames(stack ?? "")[0]?.place;
}

/** The frames of a stack that are the user's own, innermost first. */
export function userFrames(stack: string): readonly { readonly text: string; readonly place: string }[] {
  return framesOf(stack).filter(({ place }) => !isOurs(place));
}

function framesOf(stack: string): readonly { readonly text: string; readonly place: string }[] {
  return stack.split("\n").flatMap((line) => {
    const text = line.trim();
    if (!text.startsWith("at ")) return [];
    const place = text
      .slice("at ".length)
      .replace(/^async /, "")
      .replace(/^.*\((.*)\)$/, "$1")
      .replace(/^file:\/\//, "");
    return [{ text, place }];
  });
}

/** The folder in which this package lies beside its siblings; undefined where that cannot be known. */
let siblings: string | undefined;
let known = false;

/** As stacks tell it, which source maps lead back to: in a bundle, the module's own address is the bundle's. */
function findSiblings(): string | undefined {
  if (known) return siblings;
  known = true;
  const [own] = framesOf(new Error("here").stack ?? "");
  const match = own?.place.match(/^(.*)[\\/](src|dist)[\\/]declare[\\/]site\.[jt]s:/);
  siblings = match?.[1] === undefined ? undefined : dirname(match[1]) + sep;
  return siblings;
}

function isOurs(place: string): boolean {
  if (/^(node:|native|<anonymous>|\[eval)/.test(place) || /[\\/]node_modules[\\/](@hadron|tsx)[\\/]/.test(place))
    return true;
  const packages = findSiblings();
  if (packages === undefined || !place.startsWith(packages)) return false;
  // Of our packages the code, not the tests and examples beside it.
  return /^[^\\/]+[\\/](src|dist)[\\/]/.test(place.slice(packages.length));
}

// One process runs one app file. What its file declares says whether it is one, should it end without a run().
const sites: Site[] = [];
let isUsed = false;

/** So many are enough to find one of the entry file's own; a process that declares for ever keeps no more. */
const KEPT = 32;

/** Notes that a service is declared here. */
export function noteDeclared(site: Site): void {
  if (!isUsed && sites.length < KEPT) sites.push(site);
}

/** Notes that this process does something with what it declares, or calls what runs elsewhere. */
export function noteUse(): void {
  isUsed = true;
  sites.length = 0;
}

/** Where services were declared for which nothing has asked yet. */
export function unusedSites(): readonly Site[] {
  return sites;
}
