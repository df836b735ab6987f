import { checkScale } from "../../describe/scale-rules.ts";
import { HadronError } from "../../errors.ts";
import type { Command } from "../command/command.ts";
import { toWhole } from "../command/values.ts";

/** Changes how many replicas of one service run. With --json it prints the status then. */
export async function scale(command: Command): Promise<number> {
  const { app, context, json, terminal } = command;
  const { services } = app.topology;
  const [name, count] = command.words;
  if (name === undefined || count === undefined) {
    throw new HadronError("WRONG_USE", "scale takes a service and how many replicas of it: scale SERVICE N.");
  }
  const replicas = toWhole("N", count, 1, 10_000);
  checkScale(services, name, replicas);
  const runner = await command.runner();
  await runner.scale(app.topology.app, name, replicas, context);
  command.progressDone();
  if (json) terminal.out(JSON.stringify(await runner.status(app.topology.app, context)));
  else terminal.err(`${name} has ${replicas} ${replicas === 1 ? "replica" : "replicas"}.`);
  return 0;
}
