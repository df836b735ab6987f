import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HadronError, recordSite, toAppPath } from "@hadron/core/spi";

/** Migrations as they are declared: a folder of `NNNN_name.sql`, relative to the app file, or their texts by name. */
export type MigrationsOption = string | URL | Readonly<Record<string, string>>;

/** One step of a schema. */
export interface Migration {
  /** As its file, without the ending: `0001_init`. */
  readonly name: string;
  readonly text: string;
  /** Of the text: 64 hexadecimal digits. */
  readonly sha256: string;
}

const NAME = /^\d{4,}_[A-Za-z0-9_-]+$/;

/**
 * Reads migrations, in the order of their names. INVALID_DECLARATION where a name is none, or the folder is not there: a schema
 * that is silently left out would be worse.
 */
export function readMigrations(of: string, option: MigrationsOption): readonly Migration[] {
  const texts = typeof option === "string" || option instanceof URL ? readFolder(of, option) : Object.entries(option);
  return texts
    .map(([name, text]) => {
      if (!NAME.test(name)) {
        fail(
          of,
          `the migration "${name}" has no number: call it NNNN_name, as 0001_init, so that all agree on the order`,
        );
      }
      if (typeof text !== "string" || text.trim() === "") fail(of, `the migration "${name}" is empty`);
      return { name, text, sha256: createHash("sha256").update(text).digest("hex") };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readFolder(of: string, option: string | URL): readonly (readonly [string, string])[] {
  const folder = option instanceof URL ? fileURLToPath(option) : toAppPath(option, recordSite());
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `${of}: its migrations are not to be read: ${(cause as Error).message}`,
      { cause },
    );
  }
  const files = names.filter((name) => name.endsWith(".sql"));
  if (files.length === 0) fail(of, `there is no .sql file in ${folder}`);
  return files.map((name) => [name.slice(0, -".sql".length), readFileSync(join(folder, name), "utf8")]);
}

function fail(of: string, what: string): never {
  throw new HadronError("INVALID_DECLARATION", `${of}: ${what}.`);
}
