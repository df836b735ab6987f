import { HadronError } from "../../errors.ts";
import type { Command } from "./command.ts";

/**
 * Asks the user on the terminal, and returns where the answer is yes. WRONG_USE where it is not, or where nobody is there to
 * be asked: a script has to say --yes.
 */
export async function confirm({ terminal, stdin, json, context }: Command, question: string): Promise<void> {
  if (json || !terminal.live) {
    throw new HadronError("WRONG_USE", `${question}\nNobody can be asked here: say --yes if that is meant.`);
  }
  terminal.err(question);
  terminal.stderr.write("Type yes to go on: ");
  const answer = await firstLine(stdin, context.signal);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new HadronError("WRONG_USE", "Nothing was removed.");
}

/** What is typed up to the first end of line. Rejects when the signal aborts. */
async function firstLine(stdin: Command["stdin"], signal: AbortSignal): Promise<string> {
  const stopped = Promise.withResolvers<never>();
  const stop = () => stopped.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const chunks = stdin[Symbol.asyncIterator]();
  let text = "";
  try {
    signal.throwIfAborted();
    while (!text.includes("\n")) {
      const next = await Promise.race([chunks.next(), stopped.promise]);
      if (next.done === true) break;
      text += typeof next.value === "string" ? next.value : Buffer.from(next.value).toString();
    }
    return text.split("\n", 1)[0] ?? "";
  } finally {
    signal.removeEventListener("abort", stop);
    // Not awaited: where it was stopped, what it waits for may never come.
    void chunks.return?.();
  }
}
