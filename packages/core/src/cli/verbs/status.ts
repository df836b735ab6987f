import type { AppStatus, ReplicaState } from "../../runner.ts";
import type { Command } from "../command/command.ts";
import { toTable } from "../terminal/table.ts";
import type { Colour, Terminal } from "../terminal/terminal.ts";

/** Shows every replica. */
export async function status(command: Command): Promise<number> {
  const { app, context, json, terminal } = command;
  const found = await (await command.runner()).status(app.topology.app, context);
  for (const line of json ? [JSON.stringify(found)] : showStatus(found, terminal.paintOut)) terminal.out(line);
  return 0;
}

const COLOURS: Readonly<Record<ReplicaState, Colour>> = {
  ready: "green",
  starting: "yellow",
  draining: "yellow",
  failed: "red",
};

/** A deployment for people: its replicas, then its endpoints. */
export function showStatus({ app, runner, revision, services }: AppStatus, paint: Terminal["paintOut"]): string[] {
  if (services.length === 0) return [`Nothing of "${app}" is deployed on ${runner}.`];
  const replicas = services.flatMap((service) => service.replicas);
  const table = toTable([
    ["REPLICA", "STATE", "RESTARTS", "CALLS", "REASON"],
    ...replicas.map(({ name, state, restarts, calls, reason }) => [
      name,
      state,
      String(restarts),
      calls === null ? "?" : String(calls),
      (reason ?? "").replaceAll(/\s+/g, " "),
    ]),
  ]);
  // Painted last: escape sequences have no width.
  const painted = table.map((line, row) => {
    const replica = replicas[row - 1];
    if (replica === undefined) return paint("bold", line);
    return line.replace(/^(\S+\s+)(\S+)/, (_, before, state) => before + paint(COLOURS[replica.state], state));
  });
  const exposed = services.flatMap(({ name, endpoint }) => (endpoint === null ? [] : [[name, endpoint]]));
  const endpoints = exposed.length === 0 ? [] : ["", ...toTable(exposed)];
  return [`${app} on ${runner}${revision === null ? "" : `, revision ${revision}`}`, "", ...painted, ...endpoints];
}
