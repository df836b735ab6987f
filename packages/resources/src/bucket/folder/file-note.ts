import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Note } from "../contract/note.ts";

/** A note in a file, which has the old text or the new one. */
export function fileNote(path: string): Note {
  return {
    async read() {
      try {
        return readFileSync(path, "utf8");
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
        throw error;
      }
    },
    async write(text) {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    },
  };
}
