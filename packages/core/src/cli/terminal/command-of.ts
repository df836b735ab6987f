import { existsSync } from "node:fs";
import { relative } from "node:path";

/** What a user types to run this file again. */
export function commandOf(entry: string, cwd: string): string {
  const path = relative(cwd, entry);
  const file = path.startsWith("..") ? entry : path;
  const quoted = /^[\w./@-]+$/.test(file) ? file : `'${file}'`;
  return `${/\.[mc]?tsx?$/.test(entry) || !existsSync(entry) ? "npx tsx" : "node"} ${quoted}`;
}
