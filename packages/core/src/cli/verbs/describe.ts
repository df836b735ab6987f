import type { App } from "../../describe/compose/app.ts";
import { HadronError } from "../../errors.ts";
import type { TakenAlong } from "../../runner.ts";
import type { Command } from "../command/command.ts";
import { toSize } from "../terminal/size.ts";
import { toTable } from "../terminal/table.ts";

/** Prints the topology, or the files that go along. */
export async function describe(command: Command): Promise<number> {
  const { app, flags, json, terminal } = command;
  if (flags.files !== undefined) return describeFiles(command);
  if (flags.openapi !== undefined) {
    terminal.out(JSON.stringify(describeRoutes(app), null, json ? 0 : 2));
    return 0;
  }
  terminal.out(JSON.stringify(app.topology, null, json ? 0 : 2));
  return 0;
}

/** The document of the one service that has routes, or those of several by their names. WRONG_USE where none has any. */
export function describeRoutes(app: Pick<App, "services">): unknown {
  const documents = [...app.services].flatMap(([name, { procedures }]) =>
    procedures.flatMap(({ options: { face } }) => (face?.openapi === undefined ? [] : [[name, face.openapi(name)]])),
  );
  const [first, second] = documents;
  if (first === undefined) throw new HadronError("WRONG_USE", "No service of this app has routes: http(…) makes some.");
  return second === undefined ? first[1] : Object.fromEntries(documents);
}

async function describeFiles(command: Command): Promise<number> {
  const { context, json, terminal } = command;
  const runner = await command.runner();
  if (runner.files === undefined)
    throw new HadronError("WRONG_USE", `The runner ${runner.name} does not tell which files go along.`);
  const files = await runner.files(await command.program(false), context);
  if (json) terminal.out(JSON.stringify({ files }));
  else for (const line of showFiles(files)) terminal.out(line);
  return 0;
}

/** For people: the largest first, and what they come to. */
export function showFiles(files: readonly TakenAlong[]): readonly string[] {
  const largest = files.toSorted((a, b) => b.bytes - a.bytes);
  const rows = largest.map(({ path, bytes, layer, because }) => [toSize(bytes), layer, path, because]);
  const layers = Map.groupBy(files, ({ layer }) => layer);
  const sums = [...layers].map(
    ([layer, those]) => `${layer} ${toSize(those.reduce((sum, { bytes }) => sum + bytes, 0))}`,
  );
  return [...toTable([["SIZE", "LAYER", "PATH", "BECAUSE"], ...rows]), `${files.length} files: ${sums.join(", ")}`];
}
