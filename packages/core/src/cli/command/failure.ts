import { inspect } from "node:util";
import { inWords, isHadronError } from "../../errors.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The exit status of a command that failed with this: 2 where it asked for what there is not, else 1. */
export function statusOf(error: unknown): number {
  return isHadronError(error) && error.code === "WRONG_USE" ? 2 : 1;
}

/** Says on stderr what went wrong: our own errors in one message, anything else with its stack. */
export function reportFailure(error: unknown, terminal: Terminal, json: boolean): void {
  if (json) {
    const [code, message] = isHadronError(error)
      ? [error.code, messageOf(error)]
      : ["INTERNAL", error instanceof Error ? error.message : String(error)];
    terminal.err(JSON.stringify({ error: { code, message } }));
  } else if (isHadronError(error)) {
    terminal.err(`${terminal.paint("red", error.code)}: ${messageOf(error)}`);
  } else {
    terminal.err(error instanceof Error && error.cause === undefined ? (error.stack ?? String(error)) : inspect(error));
  }
}

/** The message, the way of the call, and what caused it, where these say more. */
function messageOf(error: Error & { readonly path: readonly string[] }): string {
  let text = error.message;
  if (error.path.length > 0 && !error.path.every((step) => text.includes(step))) text += ` (${error.path.join(" → ")})`;
  let { cause } = error;
  for (let depth = 0; cause !== undefined && depth < 5; depth++) {
    const why = inWords(cause);
    // That time ran out, or the call was given up, is what the message itself is about.
    const isMeans = isHadronError(cause) && (cause.code === "DEADLINE_EXCEEDED" || cause.code === "CANCELLED");
    if (!isMeans && !text.includes(why)) text += `\n  because: ${why}`;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return text;
}
