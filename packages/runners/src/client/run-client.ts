import {
  createTerminal,
  type Output,
  type OwnProcess,
  parseArguments,
  reportFailure,
  type Stdin,
  type Stopping,
  statusOf,
  type Terminal,
  version,
  watchSignals,
} from "@hadron/core/cli/shared";
import { HadronError } from "@hadron/core/spi";
import { callApp } from "./call-app.ts";
import { callUrl } from "./call-url.ts";
import { CLIENT_FLAGS, renderClientHelp } from "./help.ts";
import { list } from "./list.ts";

/** What the command works with. Each has the process's own as its default. */
export interface ClientLine {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdout?: Output;
  readonly stderr?: Output;
  readonly stdin?: Stdin;
  readonly process?: OwnProcess;
  /** What was typed to start it, for help. @default npx hadron */
  readonly command?: string;
}

/** The command line of the client, read and checked. */
export interface ClientCommand {
  /** `[SERVICE] [PROCEDURE] [INPUT]`. */
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  readonly json: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Stdin;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

const LINGER_MS = 500;

/**
 * Runs the client's command line, and sets the process's exit status, which it returns: 0 done, 1 failed, 2 wrong use,
 * 130 Ctrl-C, 143 SIGTERM. Never rejects: what fails is shown on stderr.
 */
export async function runClient(line: ClientLine = {}): Promise<number> {
  const { argv = process.argv.slice(2), env = process.env, process: own = process } = line;
  const json = argv.includes("--json");
  let stopping: Stopping | undefined;
  const terminal = createTerminal(line.stdout ?? process.stdout, line.stderr ?? process.stderr, env, () =>
    stopping?.stop(0),
  );
  stopping = watchSignals(own, { stop() {}, force() {} });
  let status: number;
  try {
    status = await execute(line, { argv, env, json, terminal, signal: stopping.signal });
  } catch (error) {
    status = statusOf(error);
    if (stopping.status === undefined) reportFailure(error, terminal, json);
  }
  status = stopping.status ?? status;
  const stopped = stopping.status !== undefined;
  stopping[Symbol.dispose]();
  own.exitCode = status;
  // A cluster that was given up may keep its connection; nobody should wait for that.
  setTimeout(() => own.exit(status), LINGER_MS).unref();
  if (stopped) own.exit(status);
  return status;
}

async function execute(
  line: ClientLine,
  given: Pick<ClientCommand, "env" | "json" | "terminal" | "signal"> & { readonly argv: readonly string[] },
): Promise<number> {
  const { words, flags } = parseArguments(given.argv, CLIENT_FLAGS);
  if (flags.version !== undefined) {
    given.terminal.out(await version());
    return 0;
  }
  if (flags.help !== undefined) {
    given.terminal.out(renderClientHelp(line.command ?? "npx hadron"));
    return 0;
  }
  if (words.length > 3) {
    throw new HadronError(
      "WRONG_USE",
      `"${words[3]}" is too much: it is [SERVICE] [PROCEDURE] [INPUT]. Quote JSON that has spaces in it.`,
    );
  }
  if (flags.url !== undefined && (flags.runner !== undefined || flags.app !== undefined)) {
    throw new HadronError("WRONG_USE", "--url says exactly what to call; leave --runner and --app out.");
  }
  const command: ClientCommand = { ...given, words, flags, stdin: line.stdin ?? process.stdin };
  if (flags.url !== undefined) return callUrl(command, flags.url);
  return words.length === 0 ? list(command) : callApp(command);
}
