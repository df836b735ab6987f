import { type Flag, flagTable, type OwnedFlag, TIMEOUT_FLAG, TOKEN_FLAG, wrap } from "@hadron/core/cli/shared";

export const CLIENT_FLAGS: readonly Flag[] = [
  { name: "runner", value: "NAME", help: "look only there" },
  { name: "app", value: "NAME", help: "look only in this app" },
  { name: "url", value: "URL", help: "call what is at this URL, by JSON-RPC 2.0 over HTTP" },
  TIMEOUT_FLAG,
  TOKEN_FLAG,
  { name: "json", help: "print the list and errors as JSON, and nothing else (results always are)" },
  { name: "help", short: "h", help: "show this" },
  { name: "version", help: "print the version of Hadron" },
];

/** The client's help, broken at words to fit the screen. */
export function renderClientHelp(
  command: string,
  runners: readonly string[],
  owned: readonly OwnedFlag[],
  columns: number,
): string {
  const flags = CLIENT_FLAGS.map((flag) =>
    flag.name === "runner" ? { ...flag, help: `${flag.help}: ${runners.join(", ")}` } : flag,
  );
  return [
    `${command} [SERVICE] [PROCEDURE] [INPUT]`,
    `${command} FILE [VERB] …   an app file's command line; shows syntax errors`,
    `${command} completions bash|zsh|fish`,
    `${command} guest-api c|rust|ts   what a module of WebAssembly is written against`,
    `${command} cluster VERB …   what is asked of a platform of @hadron/platform`,
    "",
    ...[
      "Finds the service in whatever runs, calls it, and prints the result as a line of JSON; of a stream, a line an item. Without a service: lists what can be called.",
      "The second word is a procedure if the service has one of that name, INPUT otherwise. INPUT is JSON, or - for stdin.",
    ].flatMap((text) => wrap(text, columns)),
    "",
    ...flagTable(flags, columns),
    "",
    ...wrap("Flags of runners; where one is given, only the runners that have it are asked:", columns),
    ...flagTable(
      owned.map(({ flag, runners }) => ({ ...flag, help: `${flag.help} (${runners.join(", ")})` })),
      columns,
    ),
    "",
    ...wrap("Exit status: 0 done, 1 failed, 2 wrong use or several apps that match, 130 Ctrl-C, 143 SIGTERM.", columns),
  ].join("\n");
}
