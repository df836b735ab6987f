import { HadronError } from "../../errors.ts";
import type { Command } from "../command/command.ts";
import { unknownService } from "../command/target.ts";
import { toInstant, toWhole } from "../command/values.ts";
import { readLogs } from "../runners/read-logs.ts";
import { createLogView } from "../terminal/log-lines.ts";

/** Shows what the replicas print. */
export async function logs(command: Command): Promise<number> {
  const { app, context, flags, json, terminal } = command;
  const [service] = command.words;
  const { services } = app.topology;
  if (service !== undefined && !services.some(({ name }) => name === service)) throw unknownService(service, services);
  const choice = {
    service,
    follow: flags.follow !== undefined,
    since: flags.since === undefined ? undefined : toInstant("since", flags.since, new Date()).toISOString(),
    grep: flags.grep === undefined ? undefined : toPattern(flags.grep),
    tail: flags.tail === undefined ? undefined : toWhole("--tail", flags.tail, 0, 1_000_000),
  };
  const view = createLogView(terminal.paintOut);
  for await (const entry of readLogs(await command.runner(), app.topology.app, choice, context)) {
    const { time, service, replica, line } = entry;
    terminal.out(json ? JSON.stringify({ time, service, replica, line }) : view(entry));
    if (context.signal.aborted) break;
  }
  return 0;
}

function toPattern(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new HadronError("WRONG_USE", `--grep is "${text}", and should be a regular expression: ${why}.`);
  }
}
