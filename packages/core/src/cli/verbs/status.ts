import type { AppData, AppStatus, ReplicaState, ReplicaStatus, ServiceStatus } from "../../runner.ts";
import type { KeptThing } from "../../verb/resource-verb.ts";
import type { Command } from "../command/command.ts";
import { lookAtKept } from "../data/keepers.ts";
import { listData } from "../data/list-data.ts";
import { toSize } from "../terminal/size.ts";
import { toTable } from "../terminal/table.ts";
import type { Colour, Terminal } from "../terminal/terminal.ts";

/** Shows the replicas; those of a service that are alike as one row, unless each is asked for. */
export async function status(command: Command): Promise<number> {
  const { app, context, flags, json, terminal } = command;
  const runner = await command.runner();
  const found = await runner.status(app.topology.app, context);
  const isGone = found.services.length === 0;
  const things = isGone ? [] : ((await lookAtKept(command)) ?? []).flatMap((kept) => kept.things);
  const data = isGone ? await runner.data(app.topology.app, context) : [];
  if (json) {
    const kept = { ...(things.length === 0 ? {} : { kept: things }), ...(data.length === 0 ? {} : { data }) };
    terminal.out(JSON.stringify({ ...found, ...kept }));
    return 0;
  }
  for (const line of showStatus(found, flags.replicas !== undefined, terminal.paintOut)) terminal.out(line);
  for (const line of [...showThings(things, terminal.paintOut), ...showData(data)]) terminal.out(line);
  return 0;
}

const COLOURS: Readonly<Record<ReplicaState, Colour>> = {
  ready: "green",
  starting: "yellow",
  draining: "yellow",
  failed: "red",
};

/** A deployment for people: its replicas, then its endpoints. `each`: a row for every replica. */
export function showStatus(
  { app, runner, revision, services }: AppStatus,
  each: boolean,
  paint: Terminal["paintOut"],
): string[] {
  if (services.length === 0) return [`Nothing of "${app}" is deployed on ${runner}.`];
  const rows = services.flatMap((service) => (each ? service.replicas.map(toRow) : fold(service)));
  const table = toTable([
    [each ? "REPLICA" : "SERVICE", "STATE", "RESTARTS", "CALLS", "REASON"],
    ...rows.map(({ name, state, restarts, calls, reason }) => [
      name,
      state,
      String(restarts),
      calls === null ? "?" : String(calls),
      (reason ?? "").replaceAll(/\s+/g, " "),
    ]),
  ]);
  // Painted last: escape sequences have no width.
  const painted = table.map((line, index) => {
    const row = rows[index - 1];
    if (row === undefined) return paint("bold", line);
    const at = line.indexOf(row.state, row.name.length);
    return line.slice(0, at) + paint(COLOURS[row.state], row.state) + line.slice(at + row.state.length);
  });
  const exposed = services.flatMap(({ name, endpoint }) => (endpoint === null ? [] : [[name, endpoint]]));
  const endpoints = exposed.length === 0 ? [] : ["", ...toTable(exposed)];
  return [`${app} on ${runner}${revision === null ? "" : `, revision ${revision}`}`, "", ...painted, ...endpoints];
}

/** What resources keep. */
function showThings(things: readonly KeptThing[], paint: Terminal["paintOut"]): readonly string[] {
  if (things.length === 0) return [];
  const [head = "", ...rows] = toTable([
    ["KEPT", "NAME", "HOLDS", "SIZE"],
    ...things.map(({ kind, name, holds, bytes }) => [kind, name, holds, toSize(bytes)]),
  ]);
  return ["", paint("bold", head), ...rows];
}

/** What is left of an app that does not run. */
function showData(data: readonly AppData[]): readonly string[] {
  return data.length === 0
    ? []
    : ["Its data is there; the next up finds it again, and delete --data removes it:", ...listData(data)];
}

interface Row extends ReplicaStatus {
  /** How many replicas it stands for. */
  readonly count: number;
}

const toRow = (replica: ReplicaStatus): Row => ({ ...replica, count: 1 });

/** A row for the replicas of a service that have the same to say; their calls are added up. */
function fold({ name, replicas }: ServiceStatus): Row[] {
  const rows = new Map<string, Row>();
  for (const replica of replicas) {
    const { state, restarts, reason, calls } = replica;
    const key = JSON.stringify([state, restarts, reason, calls === null]);
    const row = rows.get(key);
    if (row === undefined) rows.set(key, toRow(replica));
    else rows.set(key, { ...row, count: row.count + 1, calls: calls === null ? null : (row.calls ?? 0) + calls });
  }
  return [...rows.values()].map((row) => {
    if (row.count === 1) return rows.size === 1 ? { ...row, name } : row;
    return {
      ...row,
      name: rows.size === 1 ? `${name} (${row.count})` : `${name} (${row.count} of ${replicas.length})`,
    };
  });
}
