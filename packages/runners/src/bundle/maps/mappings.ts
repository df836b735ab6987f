/** Where one piece of generated code comes from. Lines and columns count from 0. */
export interface Segment {
  readonly line: number;
  readonly column: number;
  /** The index of its source; -1 for code that comes from nowhere. */
  readonly source: number;
  readonly originalLine: number;
  readonly originalColumn: number;
  /** The index of the name that it has there, where it is another; else -1. */
  readonly name: number;
  /** Where it begins in the mappings. */
  readonly offset: number;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const COMMA = 44;
const SEMICOLON = 59;
const DIGITS = new Uint8Array(128);
for (let digit = 0; digit < 64; digit++) DIGITS[BASE64.charCodeAt(digit)] = digit;

/**
 * Reads the mappings of a source map (ECMA-426: base 64 VLQ, each field the difference to the one before it), a segment after
 * the other. What is given to `visit` is the same object each time: maps have millions.
 */
export function eachSegment(mappings: Uint8Array, visit: (segment: Segment) => void): void {
  const segment = { line: 0, column: 0, source: -1, originalLine: 0, originalColumn: 0, name: -1, offset: 0 };
  let [source, name, at] = [0, 0, 0];
  const field = (): number => {
    let [value, shift, digit] = [0, 0, 0];
    do {
      digit = DIGITS[mappings[at++] ?? 0] ?? 0;
      value |= (digit & 31) << shift;
      shift += 5;
    } while (digit & 32);
    return value & 1 ? -(value >>> 1) : value >>> 1;
  };
  const more = () => at < mappings.length && mappings[at] !== COMMA && mappings[at] !== SEMICOLON;
  while (at < mappings.length) {
    if (mappings[at] === SEMICOLON) {
      segment.line++;
      segment.column = 0;
      at++;
      continue;
    }
    if (mappings[at] === COMMA) {
      at++;
      continue;
    }
    segment.offset = at;
    segment.column += field();
    segment.source = segment.name = -1;
    if (more()) {
      segment.source = source += field();
      segment.originalLine += field();
      segment.originalColumn += field();
      if (more()) segment.name = name += field();
    }
    visit(segment);
  }
}
