/**
 * Calls any procedure of whatever runs: `npx tsx client.ts [SERVICE] [PROCEDURE] [INPUT]`. See --help.
 * The same is the command `hadron` of @hadron/runners.
 */
const oldest = 24;
if (Number.parseInt(process.versions.node, 10) < oldest) {
  console.error(`client.ts needs Node ${oldest} or newer; this is ${process.versions.node}.`);
  process.exitCode = 1;
} else {
  const { runClient } = await import("@hadron/runners/client");
  await runClient({ command: "npx tsx client.ts" });
}

export {};
