import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { HadronError } from "../errors.ts";

/** The file that this process was started with, with no links in its way; undefined where there is none, as with `node -e`. */
export function entryFile(): string | undefined {
  const [, script] = process.argv;
  return script === undefined ? undefined : real(script);
}

/** The file of a script, as a stack or a call site names it: a path or an address. */
export function toPath(scriptName: string): string {
  const name = scriptName.startsWith("file:") ? fileURLToPath(scriptName.replace(/[?#].*$/, "")) : scriptName;
  return real(name) ?? name;
}

/** The error of a second run() in one file. */
export function calledTwice(entry: string): HadronError {
  return new HadronError(
    "WRONG_USE",
    `${entry} calls run() twice; one file is one app. Give all its services to one run(a, b, …).`,
  );
}

function real(path: string): string | undefined {
  // `tsx app` and `node app` find app.ts and app.js by themselves; argv keeps what was typed.
  for (const ending of ["", ".ts", ".mts", ".js", ".mjs", ".tsx", ".jsx"]) {
    try {
      return realpathSync(path + ending);
    } catch {}
  }
  return undefined;
}
