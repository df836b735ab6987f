import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HadronError, own, type ServiceTopology } from "@hadron/core/spi";
import { type AppDataPlace, makeAppFolder } from "./app-data.ts";

/** The file of the secrets that were made for an app: beside the data that they open, for the user's eyes only. */
export const SECRETS_FILE = "secrets.json";

/** 192 bits, as 32 characters that need no quotes anywhere. */
const BYTES = 24;

/**
 * The generated secrets of an app: made where there are none, the same in every later `up`. A name stands for one secret in the
 * whole app; who gets it is up to the caller. RUNNER_FAILED where the file is there and cannot be read: new ones would not
 * open what the old ones closed.
 */
export function generatedSecrets(
  place: AppDataPlace,
  services: readonly ServiceTopology[],
): Readonly<Record<string, string>> {
  const names = new Set(services.flatMap(({ generated = [] }) => generated));
  if (names.size === 0) return {};
  const file = join(place.folder, SECRETS_FILE);
  const kept = read(file);
  const missing = [...names].filter((name) => own(kept, name) === undefined);
  const all = {
    ...kept,
    ...Object.fromEntries(missing.map((name) => [name, randomBytes(BYTES).toString("base64url")])),
  };
  if (missing.length > 0) {
    makeAppFolder(place);
    // Whole or not at all: a file of half the secrets would lose the others.
    writeFileSync(`${file}.new`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return Object.fromEntries([...names].map((name) => [name, own(all, name) ?? ""]));
}

function read(file: string): Readonly<Record<string, string>> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
  try {
    const secrets: unknown = JSON.parse(text);
    if (typeof secrets === "object" && secrets !== null) return { ...secrets };
  } catch {
    // Told below, without its text: that is secret.
  }
  throw new HadronError(
    "RUNNER_FAILED",
    `${file}, which holds the app's generated secrets, is no JSON object any more. Repair it, or delete it together with the data that its secrets open.`,
  );
}
