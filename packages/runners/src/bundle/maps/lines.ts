import { eachSegment } from "./mappings.ts";

/** What of a source map is used here. */
export interface SourceMap {
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/** So many segments are read at most to look one up. */
const EVERY = 256;
const FIELDS = 8;

/**
 * A source map as a file of which a reader needs a few hundred bytes for one position, however large it is: numbers are
 * little-endian, of 32 bits.
 *
 * | part | holds |
 * |---|---|
 * | head | how many marks; how many sources; how long the mappings are |
 * | marks | before every 256th segment: line, column, source, original line and column so far, whether the line has any yet, whether that one has a source, offset |
 * | sources | where each name ends; then the names, as UTF-8 |
 * | mappings | those of the map, whose names are of no use here: they stay |
 *
 * Its reader is `__hadron_lineOf` of `traces.ts`.
 *
 * @param root What sources are relative to, where that is not the app's folder in the layout.
 */
export function toLines(
  { sources, mappings }: SourceMap,
  toPath: (source: string) => string = (path) => path,
): Uint8Array {
  const bytes = Buffer.from(mappings, "latin1");
  const marks: number[] = [];
  let [count, line, column, source, originalLine, originalColumn, hasSource] = [0, -1, 0, 0, 0, 0, 0];
  eachSegment(bytes, (segment) => {
    if (count++ % EVERY === 0) {
      const begun = segment.line === line;
      const { offset } = segment;
      marks.push(
        segment.line,
        begun ? column : 0,
        source,
        originalLine,
        originalColumn,
        begun ? 1 : 0,
        hasSource,
        offset,
      );
    }
    ({ line, column, originalLine, originalColumn } = segment);
    hasSource = segment.source < 0 ? 0 : 1;
    if (hasSource) source = segment.source;
  });
  const paths = sources.map((path) => Buffer.from(toPath(readable(path))));
  const ends: number[] = [];
  for (const path of paths) ends.push((ends.at(-1) ?? 0) + path.byteLength);
  const head = [marks.length / FIELDS, paths.length, bytes.byteLength];
  const numbers = Buffer.from(new Int32Array([...head, ...marks, ...ends]).buffer);
  return Buffer.concat([numbers, ...paths, bytes]);
}

/** Sources of a map are URLs; people read paths. */
function readable(source: string): string {
  try {
    return decodeURI(source);
  } catch {
    return source;
  }
}
