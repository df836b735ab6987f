/** The `hadron` command: calls any procedure of whatever runs, from a shell. */
export { type ClientLine, runClient } from "./run-client.ts";
