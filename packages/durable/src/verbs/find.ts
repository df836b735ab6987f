import { HadronError, isHadronError, type ResourceCommand } from "@hadron/core/spi";
import type { StoreClient } from "@hadron/resources/store";
import { Runs } from "../owner/runs.ts";
import { type Program, programOf } from "../replay/program-of.ts";

/** A durable program of the app file. */
export interface Declared {
  readonly name: string;
  /** As this process has it. */
  readonly program: Program;
}

/** A program, and its runs. */
export interface Found extends Declared {
  readonly runs: Runs;
}

/** The durable programs of the app, or the one that --program names. WRONG_USE where there is none such. */
export function programsOf({ services, flags }: Pick<ResourceCommand, "services" | "flags">): readonly Declared[] {
  const declared = services.flatMap(({ name, root }) => {
    const program = programOf(root);
    return program === undefined ? [] : [{ name, program }];
  });
  const wanted = flags.program;
  if (wanted === undefined) return declared;
  const found = declared.filter(({ name }) => name === wanted);
  if (found.length > 0) return found;
  const names = declared.map(({ name }) => name).join(", ");
  throw new HadronError("WRONG_USE", `There is no durable program "${wanted}". There are ${names}.`);
}

export function toFound(store: StoreClient, { clock }: Pick<ResourceCommand, "clock">, declared: Declared): Found {
  return { ...declared, runs: new Runs(store, clock, declared.name) };
}

/** The program that has a run of that id. NOT_FOUND where none has, WRONG_USE where several have. */
export async function find(id: string, programs: readonly Found[]): Promise<Found> {
  const having = await Promise.all(programs.map(async (program) => ((await has(program, id)) ? [program] : [])));
  const [found, ...more] = having.flat();
  const names = (some: readonly Found[]) => some.map(({ name }) => name).join(", ");
  if (found === undefined) {
    throw new HadronError("NOT_FOUND", `There is no run "${id}" of ${names(programs)}: see runs without a word.`);
  }
  if (more.length === 0) return found;
  throw new HadronError(
    "WRONG_USE",
    `Several programs have a run "${id}": say --program, of ${names([found, ...more])}.`,
  );
}

async function has({ runs }: Found, id: string): Promise<boolean> {
  try {
    await runs.summary(id);
    return true;
  } catch (error) {
    if (isHadronError(error) && error.code === "NOT_FOUND") return false;
    throw error;
  }
}

/** A flag that is a number; undefined: it was not given. WRONG_USE where it is none. */
export function toNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new HadronError("WRONG_USE", `--${flag} is ${text}, and should be a whole number.`);
}
