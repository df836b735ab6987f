import { toTable } from "@hadron/core/cli/shared";
import type { ClientCommand } from "./command.ts";
import { findApps } from "./find.ts";

/** Lists what can be called. */
export async function list(command: ClientCommand): Promise<number> {
  const { json, terminal } = command;
  const apps = await findApps(command, undefined);
  const services = apps.flatMap(({ app, runner, services }) =>
    services.map(({ name, procedures, endpoint }) => ({ app, runner, service: name, procedures, endpoint })),
  );
  if (json) {
    terminal.out(JSON.stringify({ services }));
  } else if (services.length === 0) {
    terminal.err("Nothing runs. Start an app: npx tsx FILE");
  } else {
    const rows = services.map(({ app, runner, service, procedures, endpoint }) => [
      service,
      procedures.join(", "),
      app,
      runner,
      endpoint ?? "",
    ]);
    for (const line of toTable([["SERVICE", "PROCEDURES", "APP", "RUNNER", "ENDPOINT"], ...rows])) terminal.out(line);
  }
  return 0;
}
