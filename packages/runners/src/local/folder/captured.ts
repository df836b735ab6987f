import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CAPTURES_FILE, type CapturedTexts, type Program } from "@hadron/core/spi";
import { captureVariables } from "../../replica/captures.ts";
import { type AppDataPlace, makeAppFolder } from "./app-data.ts";

/** The captured values of an app that was run here before, or undefined. */
export function readCaptured({ folder }: AppDataPlace): CapturedTexts | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, CAPTURES_FILE), "utf8"));
  } catch {
    return undefined; // Never run, or no file of ours: all is computed.
  }
}

/** Keeps the captured values of an app that is about to run, for the user's eyes only. */
export function keepCaptured(place: AppDataPlace, { topology, captured, secrets, capturing }: Program): void {
  if (capturing === undefined) return;
  const texts: CapturedTexts = {
    plain: captured,
    secrets: Object.fromEntries(captureVariables(topology).map((name) => [name, secrets[name] ?? ""])),
  };
  makeAppFolder(place);
  const file = join(place.folder, CAPTURES_FILE);
  writeFileSync(`${file}.new`, JSON.stringify(texts), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
