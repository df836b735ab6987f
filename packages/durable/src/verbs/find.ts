import { HadronError, isHadronError } from "@hadron/core/spi";
import type { Runs } from "../owner/runs.ts";

/** A program, and its runs. */
export interface Found {
  readonly name: string;
  readonly runs: Runs;
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
