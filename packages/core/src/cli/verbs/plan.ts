import type { Command } from "../command/command.ts";
import { checkVariants } from "../data/check-variants.ts";
import { lookAtKept } from "../data/keepers.ts";
import { planResources } from "../data/plan-resources.ts";
import { preflight } from "../data/preflight.ts";
import { showPlan } from "../terminal/show-changes.ts";

/** Shows what `up` would change. */
export async function plan(command: Command): Promise<number> {
  const { context, json, terminal } = command;
  await checkVariants(command);
  const planned = await (await command.runner()).plan(await command.program(false), context);
  const resources = planResources(
    command.app.topology.resources ?? [],
    (await lookAtKept(command)) ?? [],
    command.app.topology.services.map(({ name }) => name),
  );
  const changes = [...command.captured(), ...resources, ...planned.changes];
  const { facts, lines, warnings } = await preflight(command);
  command.progressDone();
  if (json) terminal.out(JSON.stringify({ changes, ...facts }));
  else for (const line of [...showPlan(changes), ...lines, ...warnings]) terminal.out(line);
  return 0;
}
