import { existsSync, readFileSync } from "node:fs";
import { BaseSequencer } from "vitest/node";

type Files = Parameters<BaseSequencer["sort"]>[0];

/**
 * The tests in the folder that mirrors the mutant's come first: they are the likeliest to notice it, and the first failure
 * ends its run. Of the others the small files come first.
 */
export class NearestFirst extends BaseSequencer {
  override async sort(files: Files): Promise<Files> {
    const sorted = [...(await super.sort(files))].reverse();
    const mutated = this.#mutated();
    if (mutated === undefined) return sorted;
    const words = wordsOf(mutated);
    const distance = new Map(
      files.map((file) => [file, -[...wordsOf(file.moduleId)].filter((word) => words.has(word)).length]),
    );
    return sorted.sort((a, b) => (distance.get(a) ?? 0) - (distance.get(b) ?? 0));
  }

  /** The file in which the mutant is that is tried; undefined where nothing is changed yet. */
  #mutated(): string | undefined {
    const path = process.env.MUTANTS_FILES ?? "";
    const { activeMutant }: { activeMutant?: string } = { ...this.ctx.getRootProject().getProvidedContext() };
    if (activeMutant === undefined || !existsSync(path)) return undefined;
    const files: Readonly<Record<string, string>> = JSON.parse(readFileSync(path, "utf8"));
    return files[activeMutant];
  }
}

/** The folders below `src` or `test`, and the words of the file's name. */
function wordsOf(path: string): Set<string> {
  const [, inside = path] = /\/(?:src|test)\/(.*?)(?:\.test)?\.ts$/.exec(path) ?? [];
  return new Set(inside.split(/[/-]/));
}
