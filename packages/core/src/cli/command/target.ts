import { BUILT_INS } from "../../describe/built-in.ts";
import type { ServiceTopology } from "../../describe/topology.ts";
import { HadronError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import { isInput } from "./input.ts";

/** What can be called, as far as a command line needs to know it. */
export interface Callable {
  readonly name: string;
  readonly procedures: readonly string[];
}

/** What the words of a call name. */
export interface Target {
  readonly service: string;
  readonly procedure: string;
  /** INPUT as it was typed; undefined: none. */
  readonly input: string | undefined;
}

/**
 * Finds what `[SERVICE] [PROCEDURE] [INPUT]` names among the services of an app. WRONG_USE where it names nothing.
 * SERVICE may be left out where one service is exposed, or there is only one.
 */
export function findTarget(words: readonly string[], services: readonly ServiceTopology[]): Target {
  const exposed = services.filter(isForCallers);
  const usual = exposed.length === 1 ? exposed[0] : services.length === 1 ? services[0] : undefined;
  const [first] = words;
  const named = services.find(({ name }) => name === first);
  if (named !== undefined) return findProcedure(named, words.slice(1));
  if (usual !== undefined && (first === undefined || has(usual, first) || isMeantAsInput(first))) {
    return findProcedure(usual, words);
  }
  if (first === undefined) {
    const names = services.map(({ name }) => name);
    throw new HadronError("WRONG_USE", `Which service? There are ${names.join(", ")}.`);
  }
  throw unknownService(first, services);
}

/** Whether a service is exposed for callers: what keeps objects is, for those alone who have a URL of one. */
export function isForCallers({ name, exposed }: Pick<ServiceTopology, "name" | "exposed">): boolean {
  return exposed !== null && (!name.startsWith("hadron.") || exposed.addresses !== undefined);
}

/** The error for a service that there is not: says which was meant, also where a procedure was typed as in code, `shop.buy`. */
export function unknownService(name: string, services: readonly Callable[]): HadronError {
  const meant = services.find(
    (service) =>
      name.startsWith(`${service.name}.`) && service.procedures.includes(name.slice(service.name.length + 1)),
  );
  if (meant !== undefined) {
    const procedure = name.slice(meant.name.length + 1);
    return new HadronError(
      "WRONG_USE",
      `There is no service "${name}". Did you mean "${meant.name} ${procedure}"? A service and its procedure are two words here.`,
    );
  }
  const names = [...new Set(services.map((service) => service.name))];
  const there =
    names.length === 0
      ? ""
      : names.length > 12
        ? ` There are ${names.length} others.`
        : ` There are ${names.join(", ")}.`;
  return new HadronError("WRONG_USE", `There is no service "${name}".${didYouMean(name, names)}${there}`);
}

/**
 * Finds what `[PROCEDURE] [INPUT]` means to a service: the first word is a procedure if it has one of that name, INPUT
 * otherwise. WRONG_USE where it is neither, or where several procedures leave it open.
 */
export function findProcedure({ name: service, procedures }: Callable, words: readonly string[]): Target {
  if (procedures.length === 0) {
    throw new HadronError("WRONG_USE", `"${service}" has no procedures: it is an image, and speaks its own protocol.`);
  }
  const [first, ...rest] = words;
  const isProcedure = first !== undefined && has({ name: service, procedures }, first);
  const inputs = isProcedure ? rest : words;
  const only = procedures.length === 1 ? procedures[0] : undefined;
  const procedure = isProcedure ? first : only;
  const offer = `"${service}" has ${procedures.length === 1 ? "the procedure" : "the procedures"} ${procedures.join(", ")}`;
  if (procedure === undefined) {
    if (first === undefined) throw new HadronError("WRONG_USE", `Which procedure? ${offer}.`);
    if (inputs.length > 1 || !isInput(first)) {
      throw new HadronError("WRONG_USE", `There is no procedure "${first}".${didYouMean(first, procedures)} ${offer}.`);
    }
    throw new HadronError("WRONG_USE", `Which procedure is to have that input? ${offer}.`);
  }
  if (inputs.length > 1) {
    if (!isProcedure && !isInput(inputs[0]!)) {
      throw new HadronError(
        "WRONG_USE",
        `There is no procedure "${first}".${didYouMean(first!, procedures)} ${offer}.`,
      );
    }
    throw new HadronError(
      "WRONG_USE",
      `A call takes one INPUT; "${inputs[1]}" is too much. Quote JSON that has spaces in it: '[1, 2]'.`,
    );
  }
  return { service, procedure, input: inputs[0] };
}

function has({ procedures }: Callable, name: string): boolean {
  return procedures.includes(name) || (procedures.length > 0 && BUILT_INS.includes(name));
}

/** Also a word that was meant as JSON and is none: reading it says where it went wrong. */
function isMeantAsInput(word: string): boolean {
  return isInput(word) || /^[[{"]/.test(word);
}
