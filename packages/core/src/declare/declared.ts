import type { Site } from "./definition.ts";

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
