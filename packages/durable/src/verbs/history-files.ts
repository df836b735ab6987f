import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { HadronError, systemCode } from "@hadron/core/spi";
import { toJson } from "@hadron/resources/store";
import { type ParsedEvent, type ReadHistory, readHistory } from "../log/history.ts";
import type { ShownEvent } from "../log/shown.ts";

/** Writes a history where `check` finds it, and gives its path. */
export async function writeHistory(
  folder: string,
  { program, id }: { readonly program: string; readonly id: string },
  events: readonly ShownEvent[],
): Promise<string> {
  const path = join(folder, program, `${toFileName(id)}.jsonl`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, events.map((event) => `${toJson(event)}\n`).join(""));
  return path;
}

/** A name that every file system tells from those of other ids. */
function toFileName(id: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,99}$/.test(id)) return id;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, 12);
  return `${id.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 80)}-${hash}`;
}

/** The files of histories at these places, in order. WRONG_USE where there are none at one of them. */
export async function findHistories(places: readonly string[], cwd: string): Promise<readonly string[]> {
  const found = await Promise.all(places.map((place) => findAt(place, resolve(cwd, place))));
  return [...new Set(found.flat())];
}

async function findAt(place: string, path: string): Promise<readonly string[]> {
  const facts = await stat(path).catch((error: unknown) => {
    throw new HadronError("WRONG_USE", `There is no file or folder ${place} (${systemCode(error)}).`, { cause: error });
  });
  if (!facts.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.jsonl?$/.test(entry.name));
  if (files.length > 0) return files.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  throw new HadronError("WRONG_USE", `There is no *.jsonl or *.json in ${place}: runs export --to=FOLDER writes some.`);
}

/** Whose history a file is: the program of that name among its folders, the nearest; of a single one, its. WRONG_USE where nobody knows. */
export function programOfFile(path: string, names: readonly string[]): string {
  const found = dirname(path)
    .split(sep)
    .findLast((folder) => names.includes(folder));
  const known = found ?? (names.length === 1 ? names[0] : undefined);
  if (known !== undefined) return known;
  throw new HadronError(
    "WRONG_USE",
    `Whose history is ${path}? Say --program=NAME, or put it into a folder that is named as its program: one of ${names.join(", ")}.`,
  );
}

/** Reads events, a line of JSON each, or all as one array. INVALID_INPUT names the file. */
export async function readHistoryFile(path: string): Promise<ReadHistory> {
  const text = (await readFile(path, "utf8")).trim();
  try {
    const events = text.startsWith("[") ? JSON.parse(text) : text.split("\n").map((line) => JSON.parse(line));
    return readHistory(events as readonly ParsedEvent[]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new HadronError("INVALID_INPUT", `${path} is no history of a run: ${why}`, { cause: error });
  }
}
