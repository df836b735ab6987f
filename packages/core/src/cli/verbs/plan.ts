import type { Command } from "../command/command.ts";
import { showPlan } from "../terminal/show-changes.ts";

/** Shows what `up` would change. */
export async function plan(command: Command): Promise<number> {
  const { context, json, terminal } = command;
  const planned = await (await command.runner()).plan(await command.program(false), context);
  const changes = [...command.captured(), ...planned.changes];
  command.progressDone();
  for (const line of json ? [JSON.stringify({ changes })] : showPlan(changes)) terminal.out(line);
  return 0;
}
