/**
 * The part of the first lines that makes stack traces show the user's own lines. Node's --enable-source-maps does the same,
 * but reads the map at each start (for one of 440 kB, 7 MB and 6 ms of each replica), and its reader unpacks the whole map:
 * 296 MB for one of 12 MB. Here nothing is read before somebody looks at a trace, and a few hundred bytes a line then:
 * `lines.ts` writes what this reads.
 */
export const traces = `const __hadron_known = new Map();
let __hadron_lines;
const __hadron_numbers = (at, count) => {
  const bytes = __hadron_bytes(at, count * 4);
  return new Int32Array(bytes.buffer, bytes.byteOffset, count);
};
const __hadron_bytes = (at, length) => {
  const bytes = new Uint8Array(length);
  __hadron_fs.readSync(__hadron_lines, bytes, 0, length, at);
  return bytes;
};
const __hadron_find = (line, column) => {
  __hadron_lines ??= __hadron_fs.openSync(new URL(__hadron_bundle + ".lines"), "r");
  const [marks, sources, length] = __hadron_numbers(0, 3);
  if (marks === 0) return undefined;
  const mark = (index) => __hadron_numbers(12 + index * 28, 7);
  let [low, high] = [1, marks];
  while (low < high) {
    const middle = (low + high) >> 1, [at, col] = mark(middle);
    if (at < line || (at === line && col <= column)) low = middle + 1;
    else high = middle;
  }
  let [at, col, source, originalLine, originalColumn, sourced, offset] = mark(low - 1);
  const ends = 12 + marks * 28;
  const names = ends + sources * 4;
  const start = names + (sources === 0 ? 0 : __hadron_numbers(names - 4, 1)[0]);
  const places = __hadron_bytes(start + offset, (low < marks ? mark(low)[6] : length) - offset);
  let next = 0;
  const number = () => {
    let value = 0, shift = 0, byte;
    do { byte = places[next++]; value |= (byte & 127) << shift; shift += 7; } while (byte > 127);
    return value;
  };
  const signed = () => { const value = number(); return value & 1 ? -(value >>> 1) - 1 : value >>> 1; };
  while (next < places.length) {
    const flags = number(), lines = flags >>> 3, columns = number(), to = lines === 0 ? col + columns : columns;
    if (at + lines > line || (at + lines === line && to > column)) break;
    at += lines; col = to; originalLine += lines;
    originalColumn = lines === 0 ? originalColumn + columns : columns;
    sourced = !(flags & 1);
    if (flags & 2) source += signed();
    if (flags & 4) originalLine += signed();
    if (sourced) originalColumn += signed();
  }
  if (!sourced) return undefined;
  const [from, to] = source === 0 ? [0, __hadron_numbers(ends, 1)[0]] : __hadron_numbers(ends + source * 4 - 4, 2);
  const path = new TextDecoder().decode(__hadron_bytes(names + from, to - from));
  // From there on it is as far in the source.
  const inLine = at === line ? originalColumn + column - col : column;
  return __hadron_resolve(__hadron_folder, path) + ":" + (originalLine + line - at + 1) + ":" + (inLine + 1);
};
const __hadron_lineOf = (found, line, column) => {
  const key = line + ":" + column;
  let text = __hadron_known.get(key);
  if (text !== undefined) return text;
  try {
    text = __hadron_find(line - 1, column - 1) ?? found;
  } catch {
    return found; // Without that file, a trace in lines of the bundle is still a trace.
  }
  if (__hadron_known.size >= 500) __hadron_known.clear();
  __hadron_known.set(key, text);
  return text;
};
Error.prepareStackTrace = (error, sites) => {
  let text;
  try { text = Error.prototype.toString.call(error); } catch { text = "Error"; }
  for (const site of sites) {
    const at = String(site);
    const position = at.lastIndexOf(__hadron_bundle);
    const found = position < 0 ? null : /^:(\\d+):(\\d+)/.exec(at.slice(position + __hadron_bundle.length));
    text += "\\n    at " + (found === null ? at : at.replace(__hadron_bundle + found[0], () => __hadron_lineOf(__hadron_bundle + found[0], +found[1], +found[2])));
  }
  return text;
};
`;
