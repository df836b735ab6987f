import type { Attached } from "../../runner.ts";
import type { Command } from "../command/command.ts";
import { readInput } from "../command/input.ts";
import { findTarget } from "../command/target.ts";
import { checkVariants } from "../data/check-variants.ts";
import { toCallOptions } from "../runners/call-options.ts";
import { loadHost, openHost } from "../runners/open-host.ts";
import { printOutput } from "../terminal/print-output.ts";

/** Calls a service once; under the local runner, where nothing runs, it starts the app for that, and ends it. */
export async function call(command: Command): Promise<number> {
  const { app, context, flags, terminal } = command;
  const target = findTarget(command.words, app.topology.services);
  const options = toCallOptions(flags, command.env, context.signal);
  const runner = await command.runner();
  const input = await readInput(target.input, command.stdin);

  await using _started = await startWhereNothingRuns(command);
  await using connected = await runner.connect(app.topology.app, context);
  const host = await openHost(app.topology.app, connected.directory);
  try {
    await printOutput(await host.call(target.service, target.procedure, input, options), terminal.out);
  } finally {
    host.close();
  }
  return 0;
}

async function startWhereNothingRuns(command: Command): Promise<Attached | undefined> {
  const runner = await command.runner();
  // Elsewhere a deployment outlives the command that made it: starting one is for `up` to decide.
  if (!(await command.module()).endsWithCommand) return undefined;
  const { revision } = await runner.status(command.app.topology.app, command.context);
  if (revision !== null) return undefined;
  await checkVariants(command);
  const applying = runner.apply(await command.program(true), command.context);
  void loadHost(); // It is needed next, and there is nothing else to do while replicas start.
  return (await applying).attached;
}
