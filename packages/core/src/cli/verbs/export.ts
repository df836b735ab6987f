import type { Command } from "../command/command.ts";

/** Prints what the runner would make, in the form of other tools. */
export async function exportApp(command: Command): Promise<number> {
  const text = await (await command.runner()).export(await command.program(false), command.context);
  command.progressDone();
  command.terminal.out(text.replace(/\n$/, ""));
  return 0;
}
