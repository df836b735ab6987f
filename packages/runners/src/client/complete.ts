import { discover, type Flag, type Runners } from "@hadron/core/cli/shared";
import { HadronError } from "@hadron/core/spi";
import type { ClientCommand } from "./command.ts";
import { candidates } from "./completions/candidates.ts";
import { isShell, SCRIPTS, SHELLS } from "./completions/scripts.ts";
import { CLIENT_FLAGS } from "./help.ts";

/** Who types waits no longer for an engine or a cluster to say what it runs. */
const PATIENCE_MS = 700;

/** Whether the words ask for completions, and not for a service that happens to be called so. */
export function asksForCompletions(words: readonly string[]): boolean {
  return words[0] === "completions" && (words.length === 1 || isShell(words[1]) || words[1] === "words");
}

/**
 * `completions SHELL` prints what the shell evaluates; `completions words -- LINE…`, which that calls, what may stand at the end
 * of the line, a word a line. WRONG_USE without a shell.
 */
export async function complete(command: ClientCommand, runnerFlags: readonly Flag[]): Promise<number> {
  const { terminal, words } = command;
  const [, what, ...line] = words;
  if (isShell(what)) {
    terminal.out(SCRIPTS[what].trimEnd());
    return 0;
  }
  if (what === undefined)
    throw new HadronError("WRONG_USE", `Completions of which shell? There are ${SHELLS.join(", ")}.`);
  const found = await candidates(line, {
    clientFlags: CLIENT_FLAGS,
    runnerFlags,
    runners: command.runners.names(),
    services: () => servicesOf(command, command.runners),
  });
  for (const word of found) terminal.out(word);
  return 0;
}

async function servicesOf({ env, signal }: ClientCommand, runners: Runners) {
  const { apps } = await discover({ runners, env, signal, patienceMs: PATIENCE_MS, shortPatienceMs: PATIENCE_MS });
  return apps.flatMap(({ services }) => services);
}
