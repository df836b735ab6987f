import { type Discovered, discover } from "@hadron/core/cli/shared";
import { HadronError } from "@hadron/core/spi";
import type { ClientCommand } from "./command.ts";

/**
 * The apps that run, narrowed by --runner and --app. Says on stderr who did not answer. `wanted`: the service that is
 * looked for; where it is found, those that are slow to answer are not waited for as long.
 */
export async function findApps(
  { env, flags, json, runnerFlags, runners, signal, terminal }: ClientCommand,
  wanted: string | undefined,
): Promise<readonly Discovered[]> {
  const { apps, unknown } = await discover({
    runners,
    env,
    signal,
    runner: flags.runner,
    flags: runnerFlags,
    enough: (found) => found.some((app) => app.services.some(({ name }) => wanted === undefined || name === wanted)),
  });
  if (!json) {
    for (const { runner, because } of unknown) terminal.err(`What runs on ${runner} is not known: ${because}`);
  }
  const found = flags.app === undefined ? apps : apps.filter(({ app }) => app === flags.app);
  if (found.length === 0 && flags.app !== undefined) {
    const there = apps.length === 0 ? "Nothing runs." : `There are ${apps.map(({ app }) => app).join(", ")}.`;
    throw new HadronError("WRONG_USE", `No app "${flags.app}" runs. ${there}`);
  }
  return found;
}
