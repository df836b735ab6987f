import { existsSync } from "node:fs";
import { relative } from "node:path";
import type { Flag } from "../command/arguments.ts";
import { toTable } from "../terminal/table.ts";
import { COMMON_FLAGS, VERBS, type Verb } from "../verbs/verbs.ts";

/** What a user types to run this file again. */
export function commandOf(entry: string, cwd: string): string {
  const path = relative(cwd, entry);
  const file = path.startsWith("..") ? entry : path;
  const quoted = /^[\w./@-]+$/.test(file) ? file : `'${file}'`;
  return `${/\.[mc]?tsx?$/.test(entry) || !existsSync(entry) ? "npx tsx" : "node"} ${quoted}`;
}

/** The help of all verbs, or of one. */
export function renderHelp(options: {
  readonly verb: Verb | undefined;
  readonly command: string;
  readonly runner: string;
  readonly runnerFlags: readonly Flag[];
}): string {
  const { verb, command, runner, runnerFlags } = options;
  const lines = verb === undefined ? overview(command) : ofVerb(verb, command);
  if (runnerFlags.length > 0) lines.push("", `Flags of the ${runner} runner:`, ...flagTable(runnerFlags));
  if (verb === undefined) lines.push("", `More of one verb: ${command} VERB --help`);
  lines.push("", "Exit status: 0 done, 1 failed, 2 wrong use, 130 Ctrl-C, 143 SIGTERM.");
  return lines.join("\n");
}

function overview(command: string): string[] {
  return [
    `${command} [VERB] [--runner=local|docker|kubernetes] …`,
    "",
    ...toTable(
      VERBS.map(({ name, words, summary }) => [
        `  ${name} ${words}`,
        summary + (name === "up" ? " (also without a verb)" : ""),
      ]),
    ),
    "",
    "Flags:",
    ...flagTable([...COMMON_FLAGS, { name: "version", help: "print the version of Hadron" }]),
  ];
}

function ofVerb(verb: Verb, command: string): string[] {
  const summary = verb.summary[0]!.toUpperCase() + verb.summary.slice(1);
  return [
    `${command} ${verb.name} ${verb.words}`.trimEnd(),
    "",
    `${summary}.`,
    ...verb.details,
    "",
    "Flags:",
    ...flagTable([...verb.flags, ...COMMON_FLAGS]),
  ];
}

/** Flags as a table: what is typed, and what it does. */
export function flagTable(flags: readonly Flag[]): string[] {
  return toTable(
    flags.map(({ name, value, short, help }) => [
      `  --${name}${value === undefined ? "" : `=${value}`}${short === undefined ? "" : `, -${short}`}`,
      help,
    ]),
  );
}
