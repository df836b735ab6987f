/** Breaks text at words, into lines of this many columns at most; a word that is longer has a line of its own. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** The narrowest that an explanation gets beside its term; below that it stands under it. */
const NARROWEST = 24;

/**
 * Terms and their explanations, side by side where the screen is wide enough: an explanation goes on below itself, never
 * below its term.
 */
export function wrapTable(rows: readonly (readonly [term: string, text: string])[], columns: number): string[] {
  const width = Math.max(0, ...rows.map(([term]) => term.length)) + 2;
  const isWide = columns - width >= NARROWEST;
  const indent = isWide ? width : 6;
  return rows.flatMap(([term, text]) => {
    const [first = "", ...others] = wrap(text, columns - indent);
    const below = others.map((line) => " ".repeat(indent) + line);
    return isWide
      ? [`${term.padEnd(width)}${first}`.trimEnd(), ...below]
      : [term, " ".repeat(indent) + first, ...below];
  });
}
