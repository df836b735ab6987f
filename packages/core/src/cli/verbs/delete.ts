import type { Command } from "../command/command.ts";

/** Removes the app. Status 1 where something is left. */
export async function deleteApp(command: Command): Promise<number> {
  const { app, context, json, terminal } = command;
  const name = app.topology.app;
  const runner = await command.runner();
  const before = await runner.status(name, context);
  const left = await runner.delete(name, context);
  command.progressDone();
  const replicas = before.services.reduce((count, service) => count + service.replicas.length, 0);
  if (json) {
    const removed = before.services.map((service) => service.name);
    terminal.out(JSON.stringify({ app: name, runner: runner.name, removed, left }));
  } else {
    const what = `${plural(before.services.length, "service")}, ${plural(replicas, "replica")}`;
    terminal.out(
      before.services.length === 0
        ? `Nothing of "${name}" was deployed on ${runner.name}.`
        : `Removed "${name}" from ${runner.name}: ${what}.`,
    );
    if (left.length > 0) terminal.err(`Still there:\n${left.map((thing) => `  ${thing}`).join("\n")}`);
  }
  return left.length === 0 ? 0 : 1;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
