import { HadronError } from "../../errors.ts";
import type { AppData } from "../../runner.ts";
import { flagOf } from "../command/choices.ts";
import type { Command } from "../command/command.ts";
import { lookAtKept } from "./keepers.ts";

/**
 * FAILED_PRECONDITION where a keeper would do its work in another way than the one in which it has kept data: a new one would know
 * nothing of that. Asks only where there are several ways.
 */
export async function checkVariants(command: Command): Promise<void> {
  const { app, context } = command;
  const { choices } = app.topology;
  for (const keeper of new Set(app.resources.map((resource) => resource.keeper))) {
    const { name } = keeper;
    if (Object.keys(keeper.variants).length === 0) continue;
    const chosen = choices?.variants?.[name];
    const data = await (await command.runner()).data(app.topology.app, context);
    const own = data.find(({ service }) => service === name);
    if (chosen !== undefined) {
      if (own !== undefined) throw refusal(app.topology.app, name, `the ${own.kind} ${own.name}`, chosen);
      continue;
    }
    // Something of before that nothing but another way of this keeper would have kept.
    const [other] = Object.entries(keeper.variants).flatMap(([variant, part]) => {
      const used = [part.needs].flat().flatMap(({ uses }) => uses.map((service) => service.name));
      const isIts = ({ service }: AppData) =>
        service !== null && used.includes(service) && !app.topology.services.some((known) => known.name === service);
      return own === undefined && data.some(isIts) ? [variant] : [];
    });
    if (other !== undefined) throw refusal(app.topology.app, name, other, "its own storage");
    const kept = (await lookAtKept(command)) ?? [];
    const deployed = kept.find(({ variant, things }) => variant !== undefined && things.length > 0)?.variant;
    if (deployed !== undefined) throw refusal(app.topology.app, name, deployed, "its own storage");
  }
}

function refusal(app: string, keeper: string, has: string, wants: string): HadronError {
  const flag = flagOf(keeper);
  return new HadronError(
    "FAILED_PRECONDITION",
    `${keeper} of "${app}" has kept data in ${has}, and would now look for it in ${wants}, where there is none of it. Nothing was changed. ` +
      `To go on as before, say ${flag} as in the last up; to move, take a backup, delete --data, up with the new ${flag}, restore.`,
  );
}
