/**
 * The candidate that was most likely meant, or undefined where none is close: one that begins with the word, or that is
 * made of it by few insertions, deletions, exchanges and swaps of neighbours (at most a third of its letters).
 *
 * Optimal string alignment: https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance
 *
 * @example nearest("stauts", ["status", "scale"]) // "status"
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    const begins = wanted.length >= 3 && other.startsWith(wanted);
    const most = Math.max(1, Math.floor(other.length / 3));
    // Also spares the table below, which is quadratic, for a word that is somebody's long input.
    if (!begins && Math.abs(wanted.length - other.length) > most) continue;
    const edits = distance(wanted, other);
    if (!begins && edits > most) continue;
    const rank = begins ? Math.min(edits, most) : edits;
    if (rank < bestDistance) [best, bestDistance] = [candidate, rank];
  }
  return best;
}

/** ` Did you mean "status"?`, or "" where nothing is close: to be put behind a message. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? "" : ` Did you mean "${found}"?`;
}

function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let edits = Math.min(above[column]! + 1, current[column - 1]! + 1, above[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) edits = Math.min(edits, before[column - 2]! + 1);
      current.push(edits);
    }
    [before, above] = [above, current];
  }
  return above[b.length]!;
}
