import { HadronError, type ResourceCommand } from "@hadron/core/spi";
import { toLink } from "../client/find-store.ts";
import { StoreClient } from "../client/store-client.ts";
import { fromStored } from "../client/values.ts";
import { toTimeSource } from "../store/contract/store-clock.ts";

/** How long a command waits for the store. */
const TIMEOUT_MS = 30_000;

/** The store of the app, for one command. */
export async function openStore({ keeper, clock, signal }: ResourceCommand): Promise<StoreClient> {
  const { call } = await keeper("hadron.store");
  const within: typeof call = (procedure, input, options) =>
    call(procedure, input, { timeoutMs: TIMEOUT_MS, signal, ...options });
  const time = { ...toTimeSource(clock), random: () => clock.random() };
  return new StoreClient(toLink(within), time, `command/${clock.uuid()}`);
}

/** The words of a verb that acts on one of several by name: `carts get ann`, or `get carts ann`. */
export interface Action {
  readonly name: string;
  readonly action: string;
  readonly rest: readonly string[];
}

/** Reads the words. WRONG_USE where there is no such action, or no name. */
export function readAction(verb: string, words: readonly string[], actions: readonly string[]): Action {
  const [first = "", second, ...rest] = words;
  const [name, action, others] =
    second !== undefined && actions.includes(first) && !actions.includes(second)
      ? [second, first, rest]
      : [first, second ?? "list", rest];
  if (actions.includes(action)) return { name, action, rest: others };
  throw new HadronError("WRONG_USE", `${verb} does no "${action}"; it does ${actions.join(", ")}: see ${verb} --help.`);
}

/** The most words that an action takes. WRONG_USE where one is missing, or there are more. */
export function checkWords(usage: string, words: readonly string[], from: number, to = from): void {
  if (words.length < from || words.length > to) throw new HadronError("WRONG_USE", `It is ${usage}.`);
}

/** A stored value as JSON, also one that JSON has no form for; what cannot be read is told as such. */
export function toShown(stored: Uint8Array, of: string): unknown {
  try {
    return fromStored(stored, of);
  } catch (error) {
    return {
      unreadable: error instanceof Error ? error.message : String(error),
      bytes: Buffer.from(stored).toString("base64"),
    };
  }
}

/** A line of JSON of anything that can be stored. */
export function toJson(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => {
      if (typeof part === "bigint") return `${part}n`;
      if (part instanceof Uint8Array) return { base64: Buffer.from(part).toString("base64") };
      if (part instanceof Map) return Object.fromEntries(part);
      return part instanceof Set ? [...part] : part;
    }) ?? "null"
  );
}

/** NOT_FOUND, with the names that there are. */
export function notThere(what: string, name: string, names: readonly string[]): HadronError {
  const there = names.length === 0 ? "There is none" : `There ${names.length === 1 ? "is" : "are"} ${names.join(", ")}`;
  return new HadronError("WRONG_USE", `There is no ${what} "${name}". ${there}.`);
}
