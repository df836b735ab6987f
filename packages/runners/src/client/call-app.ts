import {
  findProcedure,
  openHost,
  printOutput,
  readInput,
  toCallOptions,
  toTable,
  unknownService,
} from "@hadron/core/cli/shared";
import { HadronError } from "@hadron/core/spi";
import type { ClientCommand } from "./command.ts";
import { findApps } from "./find.ts";

/** Finds the one app that has the service, and calls it. WRONG_USE where none has it, or several have. */
export async function callApp(command: ClientCommand): Promise<number> {
  const { flags, signal, terminal, words } = command;
  const options = toCallOptions(flags, command.env, signal);
  const [name = "", ...rest] = words;
  const apps = await findApps(command, name);
  const matches = apps.flatMap((app) =>
    app.services.filter((service) => service.name === name).map((service) => ({ app, service })),
  );
  const [match] = matches;
  if (match === undefined) {
    const services = apps.flatMap((app) => app.services);
    if (services.length === 0)
      throw new HadronError("WRONG_USE", `There is no service "${name}": nothing runs. Start its app: npx tsx FILE`);
    throw unknownService(name, services);
  }
  if (matches.length > 1) {
    const table = toTable(matches.map(({ app }) => [`  --app=${app.app}`, `--runner=${app.runner}`]));
    throw new HadronError("WRONG_USE", `"${name}" runs in ${matches.length} apps; say which:\n${table.join("\n")}`);
  }
  const target = findProcedure(match.service, rest);
  const input = await readInput(target.input, command.stdin);
  await using connected = await match.app.connect();
  const host = await openHost(match.app.app, connected.directory);
  try {
    await printOutput(await host.call(target.service, target.procedure, input, options), terminal.out);
  } finally {
    host.close();
  }
  return 0;
}
