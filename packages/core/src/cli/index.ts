/** The command line of an app file. Loaded by run(), so nothing is here that `call` could do without. */
import type { Host } from "../call/host/host.ts";
import type { ConnectOptions, ConnectTarget, Reached } from "../connect/target.ts";

export { type CommandLine, runCommandLine } from "./line/run-command-line.ts";
export { endSoon } from "./process/end-soon.ts";

/** Finds the one running app that has a service, for a script that just calls it. See discover.ts. */
export async function discoverHost(service: string): Promise<Host> {
  return (await import("./runners/discover.ts")).discoverHost(service);
}

/** Reaches a service of what runs, for `connect`. See reach-app.ts. */
export async function reachApp(target: ConnectTarget, options: ConnectOptions): Promise<Reached> {
  return (await import("./runners/reach-app.ts")).reachApp(target, options);
}
