import { BaseSequencer } from "vitest/node";

type Files = Parameters<BaseSequencer["sort"]>[0];

/**
 * The tests in the folder that mirrors the mutant's come first: they are the likeliest to notice it, and the first failure
 * ends its run. Of the others the small files come first.
 */
export class NearestFirst extends BaseSequencer {
  override async sort(files: Files): Promise<Files> {
    const sorted = [...(await super.sort(files))].reverse();
    // One file, while a mutant is tried; before that, all that are changed.
    const [mutated, ...others] = this.ctx.config.related ?? [];
    if (mutated === undefined || others.length > 0) return sorted;
    const words = wordsOf(mutated);
    const distance = new Map(
      files.map((file) => [file, -[...wordsOf(file.moduleId)].filter((word) => words.has(word)).length]),
    );
    return sorted.sort((a, b) => (distance.get(a) ?? 0) - (distance.get(b) ?? 0));
  }
}

/** The folders below `src` or `test`, and the words of the file's name. */
function wordsOf(path: string): Set<string> {
  const [, inside = path] = /\/(?:src|test)\/(.*?)(?:\.test)?\.ts$/.exec(path) ?? [];
  return new Set(inside.split(/[/-]/));
}
