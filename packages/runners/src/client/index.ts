/** The `hadron` command: calls any procedure of whatever runs, from a shell. */
export type { ClientLine } from "./command.ts";
export { runClient } from "./run-client.ts";
