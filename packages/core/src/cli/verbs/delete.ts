import { HadronError } from "../../errors.ts";
import type { AppData, Runner } from "../../runner.ts";
import type { KeptThing } from "../../verb/resource-verb.ts";
import type { Command } from "../command/command.ts";
import { confirm } from "../command/confirm.ts";
import { checkProtected, dropData } from "../data/drop-data.ts";
import { lookAtKept } from "../data/keepers.ts";
import { listData } from "../data/list-data.ts";

/** Removes the app; with --data, after a question, what it stored as well. Status 1 where something is left. */
export async function deleteApp(command: Command): Promise<number> {
  const { app, context, flags, json, terminal } = command;
  const name = app.topology.app;
  const runner = await command.runner();
  const data = flags.data !== undefined;
  if (flags.yes !== undefined && !data) {
    throw new HadronError(
      "WRONG_USE",
      "--yes answers what delete --data asks; delete alone removes no data, and asks nothing.",
    );
  }
  if (flags.data !== undefined && flags.data !== "") return await dropData(command, flags.data);
  if (data) checkProtected(command);
  const stored = data ? await runner.data(name, context) : [];
  const asks = stored.length > 0 && flags.yes === undefined;
  const things = data && !asks ? [] : ((await lookAtKept(command)) ?? []).flatMap((of) => of.things);
  if (asks) await askFor(command, runner, stored, things);
  const before = await runner.status(name, context);
  const { left, kept } = await runner.delete(name, { data }, context);
  command.progressDone();
  const lost = stored.filter((thing) => !left.some((text) => text.includes(thing.name)));
  const replicas = before.services.reduce((count, service) => count + service.replicas.length, 0);
  if (json) {
    const removed = before.services.map((service) => service.name);
    terminal.out(
      JSON.stringify({
        app: name,
        runner: runner.name,
        removed,
        data: lost,
        left,
        kept,
        ...(data || things.length === 0 ? {} : { resources: things }),
      }),
    );
  } else {
    const what = [
      ...(before.services.length === 0
        ? []
        : [`${plural(before.services.length, "service")}, ${plural(replicas, "replica")}`]),
      ...(lost.length === 0 ? [] : [`its data (${lost.map((thing) => thing.name).join(", ")})`]),
    ];
    terminal.out(
      what.length === 0
        ? `Nothing of "${name}" was deployed on ${runner.name}.`
        : `Removed "${name}" from ${runner.name}: ${what.join(", and ")}.`,
    );
    if (kept.length > 0) {
      terminal.err(
        `Its data stays; the next up finds it again, and delete --data removes it:\n${listData(kept).join("\n")}`,
      );
      for (const line of listThings(things)) terminal.err(line);
    }
    if (left.length > 0) terminal.err(`Still there:\n${left.map((thing) => `  ${thing}`).join("\n")}`);
  }
  return left.length === 0 ? 0 : 1;
}

/** Shows what would be lost, and asks. Returns where the user agrees; else it fails. */
async function askFor(
  command: Command,
  runner: Runner,
  data: readonly AppData[],
  things: readonly KeptThing[],
): Promise<void> {
  command.progressDone();
  const lines = [...listData(data), ...listThings(things)].join("\n");
  await confirm(
    command,
    `This removes "${command.app.topology.app}" from ${runner.name} with its data, which cannot be had back:\n${lines}`,
  );
}

function listThings(things: readonly KeptThing[]): readonly string[] {
  return things.map(({ kind, name, holds }) => `    ${kind} ${name}: ${holds}`);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
