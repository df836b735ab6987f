import type { Flag } from "../command/arguments.ts";
import { DEFAULT_RUNNER, type Runners } from "../runners/runners.ts";
import { wrap, wrapTable } from "../terminal/wrap.ts";
import { COMMON_FLAGS, type Verb } from "../verbs/verbs.ts";

const EXIT_STATUS = "Exit status: 0 done, 1 failed, 2 wrong use, 130 Ctrl-C, 143 SIGTERM.";

/** The help of all verbs, or of one, broken at words to fit the screen. */
export async function renderHelp(options: {
  readonly verb: Verb | undefined;
  /** All that the file has. */
  readonly verbs: readonly Verb[];
  readonly command: string;
  readonly runners: Runners;
  /** The one whose flags are shown. */
  readonly runner: string;
  /** Its flags; none for a list of all verbs where nobody asked for them. */
  readonly flags: readonly Flag[];
  readonly columns: number;
}): Promise<string> {
  const { verb, command, runner, flags, columns } = options;
  const lines = verb === undefined ? await overview(options) : ofVerb(verb, command, columns);
  if (flags.length > 0) lines.push("", `Flags of the ${runner} runner:`, ...flagTable(flags, columns));
  if (verb === undefined) lines.push("", ...wrap(`More: ${command} VERB --help, or --runner=NAME --help`, columns));
  lines.push(...wrap(EXIT_STATUS, columns));
  return lines.join("\n");
}

/** Small enough for 24 lines of 80 columns: what scrolls away is not read. */
async function overview({ verbs, command, runners, columns }: Parameters<typeof renderHelp>[0]): Promise<string[]> {
  const rows = verbs.map(({ name, brief, summary }): [string, string] => [`  ${name} ${brief}`.trimEnd(), summary]);
  const places = runners.names().map(async (name): Promise<[string, string]> => {
    const { summary } = await runners.places(name);
    return [`  --runner=${name}`, name === DEFAULT_RUNNER ? `${summary} (the default)` : summary];
  });
  const flags = [...COMMON_FLAGS, { name: "version", help: "print the version of Hadron" }];
  const others = flags.filter(({ name }) => name !== "runner").map(toRow);
  return [
    `${command} [VERB] [--runner=NAME] …`,
    "",
    ...wrapTable(rows, columns),
    "",
    ...wrapTable([...(await Promise.all(places)), ...others], columns),
  ];
}

function ofVerb(verb: Verb, command: string, columns: number): string[] {
  const summary = verb.summary.slice(0, 1).toUpperCase() + verb.summary.slice(1);
  return [
    `${command} ${verb.name} ${verb.words}`.trimEnd(),
    "",
    ...[`${summary}.`, ...verb.details].flatMap((line) => wrap(line, columns)),
    "",
    "Flags:",
    ...flagTable([...verb.flags, ...COMMON_FLAGS], columns),
    "",
  ];
}

/** Flags as a table: what is typed, and what it does. */
export function flagTable(flags: readonly Flag[], columns: number): string[] {
  return wrapTable(flags.map(toRow), columns);
}

function toRow({ name, value, isOptional, short, help }: Flag): [string, string] {
  const shown = value === undefined ? "" : isOptional === true ? `[=${value}]` : `=${value}`;
  return [`  --${name}${shown}${short === undefined ? "" : `, -${short}`}`, help];
}
