import { buffer } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { flagTable, type Terminal, wrap } from "@hadron/core/cli/shared";
import { HadronError } from "@hadron/core/spi";
import { PlatformClient } from "./platform-client.ts";
import { CLUSTER_VERBS } from "./verbs.ts";

const FLAGS = [
  { name: "url", value: "URL", help: "where the platform is. http://127.0.0.1:8443 unless said" },
  { name: "token", value: "TOKEN", help: "its token; HADRON_TOKEN otherwise" },
  { name: "mode", value: "direct|posix", help: "of call: a function with numbers, or a program with arguments" },
  { name: "input", value: "TEXT", help: "of call; - for stdin" },
  { name: "start-function", value: "NAME", help: "which function is called. _start unless said" },
  { name: "data", value: "TEXT", help: "what a plugged module is told; the input of a scheduled one" },
  { name: "key", value: "KEY", help: "of import: the key of the platform that was exported" },
  { name: "json", help: "print answers as JSON" },
  { name: "help", short: "h", help: "show this" },
];

/** What `hadron cluster` works with. */
export interface ClusterLine {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly stdin: AsyncIterable<unknown>;
  readonly signal: AbortSignal;
}

/** Whether a command line is about a platform, and not about a service that is called `cluster`. */
export function asksForCluster([first, second = "--help"]: readonly string[]): boolean {
  return first === "cluster" && (Object.hasOwn(CLUSTER_VERBS, second) || second === "--help" || second === "-h");
}

/** `hadron cluster VERB …`: what is asked of a platform of `@hadron/platform`. Gives the exit status. */
export async function cluster(line: ClusterLine): Promise<number> {
  const { terminal, env } = line;
  const { words, flags } = parse(line.argv.slice(1));
  const [name = "", ...rest] = words;
  const verb = Object.hasOwn(CLUSTER_VERBS, name) ? CLUSTER_VERBS[name] : undefined;
  if (flags.help === true || verb === undefined) {
    terminal.out(renderHelp(terminal.columns));
    return 0;
  }
  const [from, to] = verb.words;
  if (rest.length < from || rest.length > to) {
    throw new HadronError("WRONG_USE", `It is: hadron cluster ${name} ${verb.usage}`.trimEnd());
  }
  const said: Readonly<Record<string, string | undefined>> = Object.fromEntries(
    Object.entries(flags).flatMap(([flag, value]) => (typeof value === "string" ? [[flag, value]] : [])),
  );
  const token = said.token ?? env.HADRON_TOKEN;
  if (token === undefined) {
    throw new HadronError(
      "WRONG_USE",
      "Say the platform's token: --token, or HADRON_TOKEN. It is in the log of its first start.",
    );
  }
  const client = new PlatformClient({ url: said.url ?? "http://127.0.0.1:8443", token, signal: line.signal });
  const status = await verb.run({
    words: rest,
    flags: said,
    json: line.json,
    cwd: line.cwd,
    client,
    terminal,
    readStdin: () => buffer(line.stdin as AsyncIterable<Uint8Array>),
  });
  return status ?? 0;
}

function parse(argv: readonly string[]) {
  const options = Object.fromEntries(
    FLAGS.map(({ name, value, short }) => [
      name,
      { type: value ? "string" : "boolean", ...(short && { short }) } as const,
    ]),
  );
  try {
    const { positionals, values } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return { words: positionals, flags: values as Readonly<Record<string, string | boolean | undefined>> };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HadronError("WRONG_USE", `${why} See hadron cluster --help.`, { cause });
  }
}

function renderHelp(columns: number): string {
  const verbs = Object.entries(CLUSTER_VERBS).map(
    ([name, { usage, help }]) => `  ${`${name} ${usage}`.padEnd(26)} ${help}`,
  );
  return [
    "npx hadron cluster VERB …",
    "",
    ...wrap("What is asked of a platform of @hadron/platform: see docs/platform.md.", columns),
    "",
    ...verbs,
    "",
    ...flagTable(FLAGS, columns),
    "",
    ...wrap("Exit status: 0 done, 1 failed, or a program that ended so, 2 wrong use.", columns),
  ].join("\n");
}
