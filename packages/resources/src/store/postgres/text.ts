const MARK = "\x01";
const NUL_OR_MARK = ["\0", MARK];

/**
 * PostgreSQL's text has no U+0000, and neither has `jsonb`: it is stored as U+0001 U+0001, and U+0001 as U+0001 U+0002, which keeps the
 * order. Halves of surrogate pairs become U+FFFD, as in UTF-8.
 */
export function toText(text: string): string {
  const whole = text.toWellFormed();
  return NUL_OR_MARK.some((one) => whole.includes(one))
    ? whole.replaceAll(MARK, `${MARK}\x02`).replaceAll("\0", MARK + MARK)
    : whole;
}

export function fromText(stored: string): string {
  if (!stored.includes(MARK)) return stored;
  const [first = "", ...rest] = stored.split(MARK);
  let text = first;
  // Each mark has one character behind it: where that is another mark, the piece between them is empty.
  for (let at = 0; at < rest.length; at++) {
    const piece = rest[at] ?? "";
    if (piece === "" && at + 1 < rest.length) text += `\0${rest[++at]}`;
    else text += MARK + piece.slice(1);
  }
  return text;
}
