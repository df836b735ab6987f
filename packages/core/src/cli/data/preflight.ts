import type { Foreseen, Preflight } from "../../verb/resource-verb.ts";
import type { Command } from "../command/command.ts";
import { Keepers } from "./keepers.ts";

/** What the resources of an app have to say before this code runs on what they keep. */
export interface PreflightReport {
  /** By the name of each preflight; empty where none has anything to say. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

/** Asks each of them once. One that fails is no reason for the command to fail: that it did is a warning. */
export async function preflight(command: Command): Promise<PreflightReport> {
  const asked = new Map<string, { readonly check: Preflight; readonly keeper: string }>();
  for (const { preflight, keeper } of command.app.resources) {
    if (preflight !== undefined) asked.set(preflight.name, { check: preflight, keeper: keeper.name });
  }
  if (asked.size === 0) return { facts: {}, lines: [], warnings: [] };
  const { toResourceCommand } = await import("./resource-command.ts");
  await using keepers = new Keepers(command);
  const found: (readonly [string, Foreseen])[] = [];
  const failed: string[] = [];
  for (const [name, { check, keeper }] of asked) {
    try {
      if ((await keepers.find(keeper)) === undefined) continue;
      const foreseen = await (await check.load())(await toResourceCommand(command, keepers));
      if (foreseen !== undefined) found.push([name, foreseen]);
    } catch (error) {
      command.context.signal.throwIfAborted();
      failed.push(`What this changes for ${name} could not be seen: ${error instanceof Error ? error.message : error}`);
    }
  }
  return {
    facts: Object.fromEntries(found.map(([name, { facts }]) => [name, facts])),
    lines: found.flatMap(([, { lines }]) => lines),
    warnings: [...found.flatMap(([, { warnings }]) => warnings), ...failed],
  };
}
