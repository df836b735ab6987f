import { createSystemClock } from "../../clock/system-clock.ts";
import type { ResourceCommand } from "../../verb/resource-verb.ts";
import type { Command } from "../command/command.ts";
import { confirm } from "../command/confirm.ts";
import { readInput } from "../command/input.ts";
import { execHere } from "../process/exec-here.ts";
import { commandOf } from "../terminal/command-of.ts";
import { toTable } from "../terminal/table.ts";
import type { Keepers } from "./keepers.ts";

/** What a package that brings a resource sees of a command. */
export async function toResourceCommand(command: Command, keepers: Keepers): Promise<ResourceCommand> {
  const { app, context, cwd, entry, flags, json, stdin, terminal, words } = command;
  const where = ["runner", "app", ...(await command.module()).flags.map(({ name }) => name)];
  const same = where.flatMap((name) => (flags[name] === undefined ? [] : [` --${name}=${flags[name]}`]));
  return {
    app: app.topology.app,
    resources: app.topology.resources ?? [],
    services: app.topology.services.map(({ name, pattern }) => {
      const part = app.services.get(name)?.part;
      return { name, pattern, root: part?.kind === "pattern" ? part.root : undefined };
    }),
    cwd,
    words,
    flags,
    json,
    signal: context.signal,
    clock: createSystemClock(),
    out: (line) => terminal.out(line),
    err: (line) => terminal.err(line),
    table: (rows) => {
      for (const line of toTable(rows)) terminal.out(line);
    },
    typed: (words) => `${commandOf(entry, cwd)} ${words}${same.join("")}`,
    input: (word) => readInput(word, stdin),
    confirm: async (question) => {
      if (flags.yes === undefined) await confirm(command, question);
    },
    exec: (program, words, env) => execHere(program, words, env),
    keeper: (name) => keepers.need(name),
  };
}
