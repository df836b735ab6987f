import { HadronError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import type { KeptThing } from "../../verb/resource-verb.ts";
import type { Command } from "../command/command.ts";
import { confirm } from "../command/confirm.ts";
import { toSize } from "../terminal/size.ts";
import { Keepers } from "./keepers.ts";

/** Removes the data of one resource, after a question: `delete --data=queue:old`. Nothing else of the app is touched. */
export async function dropData(command: Command, of: string): Promise<number> {
  const { app, flags, json, terminal } = command;
  const [kind, name, ...more] = of.split(":");
  if (!kind || !name || more.length > 0) {
    throw new HadronError(
      "WRONG_USE",
      `--data is "${of}", and should be KIND:NAME, as in --data=queue:old, or stand alone.`,
    );
  }
  checkProtected(command, ({ kind: other, name: called }) => other === kind && called === name);
  await using keepers = new Keepers(command);
  const found = await find(keepers, kind, name);
  if (flags.yes === undefined) {
    await confirm(
      command,
      `This removes ${found.thing.holds} of ${kind} ${name} (${toSize(found.thing.bytes)}) of "${app.topology.app}", which cannot be had back.`,
    );
  }
  await (await keepers.need(found.keeper)).call("drop", { kind, name });
  const left = (await keepers.keptBy(found.keeper)).find((thing) => thing.kind === kind && thing.name === name);
  if (json) {
    terminal.out(
      JSON.stringify({ app: app.topology.app, data: [found.thing], left: left === undefined ? [] : [left] }),
    );
  } else if (left === undefined) terminal.out(`Removed ${found.thing.holds} of ${kind} ${name}.`);
  else terminal.err(`Still there of ${kind} ${name}: ${left.holds}. Somebody writes it meanwhile.`);
  return left === undefined ? 0 : 1;
}

/** FAILED_PRECONDITION where one of these is declared `protect: true`. */
export function checkProtected(
  { app }: Command,
  isMeant: (resource: { readonly kind: string; readonly name: string }) => boolean = () => true,
): void {
  const held = (app.topology.resources ?? []).filter(
    (resource) => resource.options.protect === true && isMeant(resource),
  );
  if (held.length === 0) return;
  const names = held.map(({ kind, name }) => `${kind}("${name}")`).join(", ");
  throw new HadronError(
    "FAILED_PRECONDITION",
    `${names} ${held.length === 1 ? "is" : "are"} declared with protect: true, and nothing was removed: take that out of the file first.`,
  );
}

async function find(
  keepers: Keepers,
  kind: string,
  name: string,
): Promise<{ readonly keeper: string; readonly thing: KeptThing }> {
  const names: string[] = [];
  for (const keeper of keepers.names) {
    for (const thing of await keepers.keptBy(keeper)) {
      if (thing.kind === kind && thing.name === name) return { keeper, thing };
      names.push(`${thing.kind}:${thing.name}`);
    }
  }
  const wanted = `${kind}:${name}`;
  const there = names.length === 0 ? "Nothing is kept." : `There is data of ${names.join(", ")}.`;
  throw new HadronError("WRONG_USE", `Nothing is kept of ${wanted}.${didYouMean(wanted, names)} ${there}`);
}
