import type { Command } from "../command/command.ts";
import { unknownService } from "../command/target.ts";
import { createLogView } from "../terminal/log-lines.ts";

/** Shows what the replicas print. */
export async function logs(command: Command): Promise<number> {
  const { app, context, flags, json, terminal } = command;
  const [service] = command.words;
  const names = app.topology.services.map((one) => one.name);
  if (service !== undefined && !names.includes(service)) throw unknownService(service, names);
  const runner = await command.runner();
  const view = createLogView(terminal.paintOut);
  for await (const entry of runner.logs(app.topology.app, { service, follow: flags.follow !== undefined }, context)) {
    const { time, service, replica, line } = entry;
    terminal.out(json ? JSON.stringify({ time, service, replica, line }) : view(entry));
    if (context.signal.aborted) break;
  }
  return 0;
}
