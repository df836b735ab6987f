import type { Command } from "../command/command.ts";

/** Prints the topology. */
export async function describe({ app, json, terminal }: Command): Promise<number> {
  terminal.out(JSON.stringify(app.topology, null, json ? 0 : 2));
  return 0;
}
