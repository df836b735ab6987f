import {
  findProcedure,
  isInput,
  openUrl,
  printOutput,
  readInput,
  type Target,
  toCallOptions,
  toTable,
} from "@hadron/core/cli/shared";
import { didYouMean, HadronError, isHadronError } from "@hadron/core/spi";
import type { ClientCommand } from "./command.ts";

/** Calls a procedure of the JSON-RPC server at a URL; without words, lists what it offers. */
export async function callUrl(command: ClientCommand, url: string): Promise<number> {
  const { flags, json, signal, terminal, words } = command;
  checkUrl(url);
  const options = toCallOptions(flags, command.env, signal);
  const caller = openUrl(url);
  try {
    const offer = await discoverAt(() => caller.call("rpc.discover", undefined, options));
    if (words.length === 0) {
      const { service, procedures } = offer ?? { service: "?", procedures: [] };
      if (json) {
        terminal.out(JSON.stringify({ services: [{ app: null, runner: null, service, procedures, endpoint: url }] }));
      } else {
        for (const line of toTable([
          ["SERVICE", "PROCEDURES", "ENDPOINT"],
          [service, procedures.join(", "), url],
        ]))
          terminal.out(line);
      }
      return 0;
    }
    const target = offer === undefined ? guess(words) : findOffered(offer, words, url);
    const input = await readInput(target.input, command.stdin);
    await printOutput(await caller.call(target.procedure, input, options), terminal.out);
    return 0;
  } finally {
    caller.close();
  }
}

interface Offer {
  readonly service: string;
  readonly procedures: readonly string[];
}

/** What a server says that it has; undefined for one that does not know rpc.discover. */
async function discoverAt(ask: () => Promise<unknown>): Promise<Offer | undefined> {
  let answer: unknown;
  try {
    answer = await ask();
  } catch (error) {
    // A server that answers, if only with an error, can be called; one that does not, cannot.
    if (isHadronError(error) && !["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"].includes(error.code))
      return undefined;
    throw error;
  }
  const { info, methods } = (answer ?? {}) as { info?: { title?: unknown }; methods?: readonly { name?: unknown }[] };
  if (!Array.isArray(methods)) return undefined;
  const procedures = methods.flatMap((method) => (typeof method?.name === "string" ? [method.name] : []));
  return { service: typeof info?.title === "string" ? info.title : "?", procedures };
}

function findOffered({ service, procedures }: Offer, words: readonly string[], url: string): Target {
  const [first = "", ...rest] = words;
  if (first === service) return findProcedure({ name: service, procedures }, rest);
  if (procedures.includes(first)) return findProcedure({ name: first, procedures: [first] }, rest);
  throw new HadronError(
    "WRONG_USE",
    `There is no service "${first}" at ${url}.${didYouMean(first, [service, ...procedures])} It has "${service}" (${procedures.join(", ")}).`,
  );
}

/** Of a server that says nothing of itself: two words are a procedure and INPUT, or a service and its procedure. */
function guess([first = "", second, third]: readonly string[]): Target {
  if (second === undefined || (third === undefined && isInput(second)))
    return { service: first, procedure: first, input: second };
  return { service: first, procedure: second, input: third };
}

function checkUrl(url: string): void {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return;
  throw new HadronError("WRONG_USE", `--url is "${url}", and should be a URL, such as http://127.0.0.1:3000.`);
}
