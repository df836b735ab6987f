import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AppStatus, Attached, Runner } from "../../runner.ts";
import type { Command } from "../command/command.ts";
import { isForCallers } from "../command/target.ts";
import { checkVariants } from "../data/check-variants.ts";
import { preflight } from "../data/preflight.ts";
import { watchLauncher } from "../process/launcher.ts";
import { createLogView, parseLogLine } from "../terminal/log-lines.ts";
import { showChanges } from "../terminal/show-changes.ts";
import { toTable } from "../terminal/table.ts";

/** Applies the app, prints where it can be called, and stays where the deployment ends with this process. */
export async function up(command: Command): Promise<number> {
  const { context, json, terminal } = command;
  const runner = await command.runner();
  using _launcher = await watchLauncher(() => {
    if (!json) terminal.err("What started this command has gone; stopping.");
    command.stopping.stop(143);
  });
  await checkVariants(command);
  const { facts, warnings } = await preflight(command);
  for (const warning of warnings) context.progress.note(warning);
  const { status, changes, attached } = await runner.apply(await command.program(true), context);
  await using _attached = attached;
  command.progressDone();
  if (json) {
    terminal.out(JSON.stringify({ ...status, ...facts }));
  } else {
    terminal.err(showChanges([...command.captured(), ...changes], status));
    for (const line of endpoints(command, status)) terminal.out(line);
    for (const line of whatNext(command, status, attached !== undefined)) terminal.err(line);
  }
  // Awaited here: the deployment would otherwise be ended on the way out.
  return attached === undefined ? 0 : await stay(command, runner, attached, status);
}

/** Shows logs until it is told to stop, or the deployment ends. */
async function stay(command: Command, runner: Runner, attached: Attached, status: AppStatus): Promise<number> {
  const { app, context, json, terminal } = command;
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const stopped = new Promise<undefined>((resolve) => {
    if (context.signal.aborted) resolve(undefined);
    context.signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const showing = json ? Promise.resolve() : showLogs(command, runner, status, signal);
  // Logs that cannot be shown are worth a word, and no reason to end what runs.
  const shown = showing.catch((error: Error) => {
    if (!signal.aborted) terminal.err(`The logs cannot be shown any more: ${error.message}`);
  });
  const reason = await Promise.race([attached.ended, stopped]);
  ended.abort();
  await shown;
  if (reason !== undefined && !json) terminal.err(`${app.topology.app} has ended: ${reason}`);
  return 0;
}

async function showLogs(command: Command, runner: Runner, status: AppStatus, signal: AbortSignal): Promise<void> {
  const { terminal, app, context } = command;
  const view = createLogView(terminal.paint);
  // That all of them became ready has just been said: of none of them the line is shown, however late it comes.
  const said = new Set(status.services.flatMap(({ replicas }) => replicas.map(({ name }) => name)));
  const options = { service: undefined, follow: true };
  for await (const line of runner.logs(app.topology.app, options, { ...context, signal })) {
    if (said.has(line.replica) && parseLogLine(line.line)?.event === "ready") said.delete(line.replica);
    else terminal.err(view(line));
  }
}

/** Where services are found; of one that answers at addresses of the app each of these, and where it is now. */
function endpoints(command: Command, status: AppStatus): string[] {
  const rows = status.services.flatMap(({ name, endpoint }) => {
    if (endpoint === null) return [];
    const declared = command.app.topology.services.find((service) => service.name === name);
    const addresses = declared?.exposed?.addresses ?? [];
    return [[name, endpoint], ...addresses.map((address) => [address, placeNow(address, endpoint)])];
  });
  return toTable(rows);
}

/** Where an address, a method and a URL, is asked for now. */
function placeNow(address: string, endpoint: string): string {
  const url = address.slice(address.indexOf(" ") + 1);
  return endpoint + url.replace(/^\w+:\/\/[^/]*/, "");
}

/** What can be done with it now, to be typed as it stands. */
function whatNext(command: Command, status: AppStatus, stays: boolean): string[] {
  const { app, cwd, terminal } = command;
  const meant = new Set(app.topology.services.filter(isForCallers).map(({ name }) => name));
  const exposed = status.services.find(({ name, endpoint }) => endpoint !== null && meant.has(name));
  const service = app.topology.services.find(({ name }) => name === exposed?.name) ?? app.topology.services[0];
  const procedure = service?.procedures[0];
  const lines: string[] = [];
  const [address] = service?.exposed?.addresses ?? [];
  if (address !== undefined && exposed?.endpoint != null) {
    const [method = ""] = address.split(" ", 1);
    lines.push(`Ask it:     curl -X ${method.replace("*", "GET")} ${placeNow(address, exposed.endpoint)}`);
  } else if (service?.web !== undefined && service.webPaths === undefined && exposed !== undefined)
    lines.push(`Open it:    ${exposed.endpoint}`);
  else if (service !== undefined && procedure !== undefined) {
    const client = existsSync(join(cwd, "client.ts")) ? "npx tsx client.ts" : "npx hadron";
    const words = procedure === service.name ? service.name : `${service.name} ${procedure}`;
    lines.push(`Call it:    ${client} ${words}`);
    if (exposed !== undefined) {
      const body = JSON.stringify({ jsonrpc: "2.0", method: procedure, params: [], id: 1 });
      lines.push(`or:         curl ${exposed.endpoint} -H 'content-type: application/json' -d '${body}'`);
    }
  }
  if (stays) lines.push("End it:     Ctrl-C");
  return lines.map((line) => terminal.paint("dim", line));
}
