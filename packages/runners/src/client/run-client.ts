import { join } from "node:path";
import {
  createTerminal,
  flagsOfAll,
  installedRunners,
  type OwnedFlag,
  parseArguments,
  reportFailure,
  type Stopping,
  statusOf,
  version,
  watchSignals,
} from "@hadron/core/cli/shared";
import { HadronError } from "@hadron/core/spi";
import { callApp } from "./call-app.ts";
import { callUrl } from "./call-url.ts";
import { asksForCluster, cluster } from "./cluster/cluster.ts";
import type { ClientCommand, ClientLine } from "./command.ts";
import { asksForCompletions, complete } from "./complete.ts";
import { asksForGuestApi, guestApi } from "./guest-api.ts";
import { CLIENT_FLAGS, renderClientHelp } from "./help.ts";
import { list } from "./list.ts";
import { appFileIn, runFile } from "./run-file.ts";

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
    const { cwd = process.cwd() } = line;
    const file = appFileIn(argv, cwd);
    status =
      file === undefined
        ? await execute(line, { argv, env, json, terminal, signal: stopping.signal })
        : await runFile(file, argv.slice(1), { cwd, own, signal: stopping.signal });
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
  const { terminal } = given;
  if (asksForCluster(given.argv)) {
    return cluster({ ...given, cwd: line.cwd ?? process.cwd(), stdin: (line.stdin ?? process.stdin) as never });
  }
  // As a file of the user's project would find them, and as this package does.
  const runners = installedRunners(join(line.cwd ?? process.cwd(), "client.ts"), import.meta.url);
  const owned = await flagsOfAll(runners);
  const { words, flags } = parseArguments(given.argv, [...CLIENT_FLAGS, ...owned.map(({ flag }) => flag)]);
  if (flags.version !== undefined) {
    terminal.out(await version());
    return 0;
  }
  if (flags.help !== undefined) {
    terminal.out(renderClientHelp(line.command ?? "npx hadron", runners.names(), owned, terminal.columns));
    return 0;
  }
  const runnerFlags = chooseRunnerFlags(flags, owned);
  const command = { ...given, words, flags, runnerFlags, runners, stdin: line.stdin ?? process.stdin };
  if (asksForCompletions(words)) {
    return complete(
      command,
      owned.map(({ flag }) => flag),
    );
  }
  if (asksForGuestApi(words)) return guestApi(words, { terminal, cwd: line.cwd ?? process.cwd() });
  if (words.length > 3) {
    throw new HadronError(
      "WRONG_USE",
      `"${words[3]}" is too much: it is [SERVICE] [PROCEDURE] [INPUT]. Quote JSON that has spaces in it.`,
    );
  }
  if (flags.url !== undefined) {
    const [extra] = [flags.runner, flags.app, ...Object.keys(runnerFlags)].filter((flag) => flag !== undefined);
    if (extra !== undefined) {
      throw new HadronError(
        "WRONG_USE",
        "--url says exactly what to call; leave --runner and --app out, and runners' flags.",
      );
    }
  }
  if (flags.url !== undefined) return callUrl(command, flags.url);
  return words.length === 0 ? list(command) : callApp(command);
}

/** The flags given that are runners' own. WRONG_USE for one that the named runner does not have. */
function chooseRunnerFlags(flags: Readonly<Record<string, string>>, owned: readonly OwnedFlag[]) {
  const chosen: Record<string, string> = {};
  for (const { flag, runners } of owned) {
    const value = flags[flag.name];
    if (value === undefined) continue;
    if (flags.runner !== undefined && !runners.includes(flags.runner)) {
      throw new HadronError(
        "WRONG_USE",
        `--${flag.name} is a flag of ${runners.join(" and ")}, not of ${flags.runner}.`,
      );
    }
    chosen[flag.name] = value;
  }
  return chosen;
}
