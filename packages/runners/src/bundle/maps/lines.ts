import { eachSegment, type Segment } from "./mappings.ts";

/** What of a source map is used here. */
export interface SourceMap {
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/** So many places are read at most to look one up. */
const EVERY = 256;
const FIELDS = 7;

/** What the first number of a place says of it; above these bits it says how many lines further it is. */
const FROM_NOWHERE = 1;
const OTHER_SOURCE = 2;
const OTHER_LINE = 4;
const LINES = 8;

/**
 * A source map as a file of which a reader needs a few hundred bytes for one position, however large it is. Of the map's places
 * those are left out that follow from the one before: further on in a line it is as far in the source, and a line below it is
 * a line below, in the same column. Half of the places of a bundle are so.
 *
 * | part | holds |
 * |---|---|
 * | head | how many marks; how many sources; how long the places are: numbers of 32 bits, little-endian, as in the next two |
 * | marks | before every 256th place, what is known by then: line, column, source, its line and column, whether there is one, offset |
 * | sources | where each name ends; then the names, as UTF-8 |
 * | places | numbers of 7 bits a byte, the lowest first: flags and lines further; columns further, in a new line from its start; source, its line, its column, as differences to what followed |
 *
 * Its reader is `__hadron_lineOf` of `traces.ts`.
 *
 * @param code What the map is of: of a line that is indented, the map says where its indentation begins, and means what follows.
 * @param toPath What a source is called. @default as the map has it: relative to the app's folder in the layout
 */
export function toLines(
  code: Uint8Array,
  { sources, mappings }: SourceMap,
  toPath: (source: string) => string = (path) => path,
): Uint8Array {
  const marks: number[] = [];
  const places = new Places();
  let count = 0;
  const add = (place: Place) => {
    const { length, state } = places;
    if (places.add(place) && count++ % EVERY === 0) marks.push(...state, length);
  };
  const textAt = indentations(code);
  let last: Place | undefined;
  eachSegment(Buffer.from(mappings, "latin1"), (segment) => {
    const place = { ...segment, column: Math.max(segment.column, textAt[segment.line] ?? 0) };
    if (last !== undefined && (last.line < place.line || last.column < place.column)) add(last);
    // What the bundler put between is of no source.
    if (last !== undefined && last.line + 1 < place.line) add({ ...NOWHERE, line: last.line + 1 });
    last = place;
  });
  if (last !== undefined) {
    add(last);
    add({ ...NOWHERE, line: last.line + 1 });
  }
  const paths = sources.map((path) => Buffer.from(toPath(readable(path))));
  const ends: number[] = [];
  for (const path of paths) ends.push((ends.at(-1) ?? 0) + path.byteLength);
  const head = [marks.length / FIELDS, paths.length, places.length];
  const numbers = Buffer.from(new Int32Array([...head, ...marks, ...ends]).buffer);
  return Buffer.concat([numbers, ...paths, places.bytes]);
}

type Place = Pick<Segment, "line" | "column" | "source" | "originalLine" | "originalColumn">;

const NOWHERE = { column: 0, source: -1, originalLine: 0, originalColumn: 0 };
const NEWLINE = 10;
const SPACE = 32;

/** The column of the first letter of each line. */
function indentations(code: Uint8Array): readonly number[] {
  const found: number[] = [];
  for (let start = 0; ; ) {
    let at = start;
    while (code[at] === SPACE) at++;
    found.push(at - start);
    const end = code.indexOf(NEWLINE, at);
    if (end < 0) return found;
    start = end + 1;
  }
}

/** Writes places, each by what it differs in from what followed of the one before. */
class Places {
  length = 0;
  #bytes = new Uint8Array(1 << 16);
  #line = 0;
  #column = 0;
  #source = 0;
  #originalLine = 0;
  #originalColumn = 0;
  #hasSource = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  get state(): readonly number[] {
    return [this.#line, this.#column, this.#source, this.#originalLine, this.#originalColumn, this.#hasSource];
  }

  /** Whether it had to be written. */
  add({ line, column, source, originalLine, originalColumn }: Place): boolean {
    const lines = line - this.#line;
    const columns = lines === 0 ? column - this.#column : column;
    const expectedLine = this.#originalLine + lines;
    const expectedColumn = lines === 0 ? this.#originalColumn + columns : column;
    const hasSource = source < 0 ? 0 : 1;
    const [otherSource, otherLine] = [source !== this.#source, originalLine !== expectedLine];
    if (hasSource === this.#hasSource) {
      if (hasSource === 0 || (!otherSource && !otherLine && originalColumn === expectedColumn)) return false;
    }
    if (hasSource === 0) {
      this.#write(lines * LINES + FROM_NOWHERE);
      this.#write(columns);
    } else {
      this.#write(lines * LINES + (otherSource ? OTHER_SOURCE : 0) + (otherLine ? OTHER_LINE : 0));
      this.#write(columns);
      if (otherSource) this.#writeSigned(source - this.#source);
      if (otherLine) this.#writeSigned(originalLine - expectedLine);
      this.#writeSigned(originalColumn - expectedColumn);
    }
    this.#line = line;
    this.#column = column;
    this.#hasSource = hasSource;
    this.#source = hasSource === 0 ? this.#source : source;
    this.#originalLine = hasSource === 0 ? expectedLine : originalLine;
    this.#originalColumn = hasSource === 0 ? expectedColumn : originalColumn;
    return true;
  }

  #writeSigned(value: number): void {
    this.#write(value < 0 ? -value * 2 - 1 : value * 2);
  }

  #write(value: number): void {
    // The longest number takes five bytes, and a place has five of them.
    if (this.length + 25 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    for (; value > 127; value >>>= 7) this.#bytes[this.length++] = (value & 127) | 128;
    this.#bytes[this.length++] = value;
  }
}

/** Sources of a map are URLs; people read paths. */
function readable(source: string): string {
  try {
    return decodeURI(source);
  } catch {
    return source;
  }
}
