import { constants } from "node:buffer";
import { HadronError } from "../../errors.ts";

/** What JSON is read from, where it is not an argument. */
export type Stdin = AsyncIterable<Uint8Array | string>;

/** The INPUT of a call: JSON, or `-` for JSON on standard input; undefined: none. WRONG_USE where it is no JSON. */
export async function readInput(word: string | undefined, stdin: Stdin): Promise<unknown> {
  if (word === undefined) return undefined;
  if (word !== "-") return parseInput(word, "INPUT");
  return parseInput(await readAll(stdin), "The input on stdin");
}

/** Whether a word can be an INPUT at all. */
export function isInput(word: string): boolean {
  if (word === "-") return true;
  try {
    JSON.parse(word);
    return true;
  } catch {
    return false;
  }
}

function parseInput(text: string, what: string): unknown {
  try {
    // Editors and shells of Windows put a byte order mark before it.
    return JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch (error) {
    throw new HadronError("WRONG_USE", `${what} is not JSON: ${where(text, error as Error)}.${hint(text)}`);
  }
}

async function readAll(stdin: Stdin): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer =
      typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    bytes += buffer.length;
    // No string can be longer, and JSON.parse takes nothing else.
    if (bytes > constants.MAX_STRING_LENGTH) {
      throw new HadronError(
        "TOO_LARGE",
        `The input on stdin is larger than ${constants.MAX_STRING_LENGTH >> 20} MiB, the most that can be read.`,
      );
    }
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString();
}

/** The engine's words, and the line up to the place where it stopped, if it says which that is. */
function where(text: string, error: Error): string {
  const message = error.message.replace(/ is not valid JSON$/, "").replace(/ in JSON at position .*/, "");
  const position = /at position (\d+)/.exec(error.message)?.[1];
  if (position === undefined) return message;
  const at = Number(position);
  const before = text.slice(Math.max(0, at - 30), at).replaceAll(/\s+/g, " ");
  const rest = text.slice(at, at + 20).replaceAll(/\s+/g, " ");
  const line = text.slice(0, at).split("\n").length;
  const column = at - text.lastIndexOf("\n", at - 1);
  return `${message} at line ${line}, column ${column}: ${at > 30 ? "…" : ""}${before}⟶${rest}${at + 20 < text.length ? "…" : ""}`;
}

function hint(text: string): string {
  return /^[\w .-]+$/.test(text) && text.length < 60
    ? ` A string needs quotes, for JSON and for the shell: '"${text}"'.`
    : "";
}
