import { type Flag, flagTable, TIMEOUT_FLAG } from "@hadron/core/cli/shared";

export const CLIENT_FLAGS: readonly Flag[] = [
  { name: "runner", value: "NAME", help: "look only there: local, docker or kubernetes" },
  { name: "app", value: "NAME", help: "look only in this app" },
  { name: "url", value: "URL", help: "call what is at this URL, by JSON-RPC 2.0 over HTTP" },
  TIMEOUT_FLAG,
  { name: "json", help: "print the list and errors as JSON, and nothing else (results always are)" },
  { name: "help", short: "h", help: "show this" },
  { name: "version", help: "print the version of Hadron" },
];

/** The client's help. */
export function renderClientHelp(command: string): string {
  return [
    `${command} [SERVICE] [PROCEDURE] [INPUT]`,
    "",
    "Finds the service in whatever runs, calls it, and prints the result as one line of JSON; of a stream, a line an item.",
    "Without a service: lists what can be called.",
    "",
    "The second word is a procedure if the service has one of that name, INPUT otherwise.",
    "INPUT is JSON, or - for stdin.",
    "",
    "Flags:",
    ...flagTable(CLIENT_FLAGS),
    "",
    "Exit status: 0 done, 1 failed, 2 wrong use or several apps that match, 130 Ctrl-C, 143 SIGTERM.",
  ].join("\n");
}
