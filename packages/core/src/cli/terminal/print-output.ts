import { HadronError, inWords } from "../../errors.ts";
import { isStream } from "../../transport/pump.ts";
import { toJsonText } from "../../values/json-form.ts";

/** Prints what a call gave as one line of JSON; of a stream, a line an item, as they come. Fails as the stream fails. */
export async function printOutput(output: unknown, out: (line: string) => void): Promise<void> {
  if (!isStream(output)) {
    out(toLine(output));
    return;
  }
  for await (const item of output) out(toLine(item));
}

function toLine(value: unknown): string {
  try {
    return toJsonText(value, "output");
  } catch (cause) {
    throw new HadronError("INVALID_OUTPUT", `The output cannot be printed as JSON: ${inWords(cause)}.`, { cause });
  }
}
