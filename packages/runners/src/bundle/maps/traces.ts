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
  const mark = (index) => __hadron_numbers(12 + index * 32, 8);
  let [low, high] = [0, marks];
  while (low < high) {
    const middle = (low + high) >> 1, [at, col] = mark(middle);
    if (at < line || (at === line && col <= column)) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return undefined;
  let [at, col, source, originalLine, originalColumn, begun, sourced, offset] = mark(low - 1);
  let found = begun && at === line && sourced ? [source, originalLine, originalColumn] : undefined;
  const ends = 12 + marks * 32;
  const names = ends + sources * 4;
  const start = names + (sources === 0 ? 0 : __hadron_numbers(names - 4, 1)[0]);
  const segments = __hadron_bytes(start + offset, (low < marks ? mark(low)[7] : length) - offset);
  for (let next = 0; next < segments.length; ) {
    if (segments[next] === 59) { at++; col = 0; next++; continue; }
    if (segments[next] === 44) { next++; continue; }
    const fields = [];
    while (next < segments.length && segments[next] !== 44 && segments[next] !== 59) {
      let value = 0, shift = 0, digit;
      do {
        digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".indexOf(String.fromCharCode(segments[next++]));
        value |= (digit & 31) << shift;
        shift += 5;
      } while (digit & 32);
      fields.push(value & 1 ? -(value >>> 1) : value >>> 1);
    }
    col += fields[0];
    if (at > line || (at === line && col > column)) break;
    if (fields.length > 1) { source += fields[1]; originalLine += fields[2]; originalColumn += fields[3]; }
    found = at === line && fields.length > 1 ? [source, originalLine, originalColumn] : undefined;
  }
  if (found === undefined) return undefined;
  const [from, to] = found[0] === 0 ? [0, __hadron_numbers(ends, 1)[0]] : __hadron_numbers(ends + found[0] * 4 - 4, 2);
  const path = new TextDecoder().decode(__hadron_bytes(names + from, to - from));
  return __hadron_resolve(__hadron_folder, path) + ":" + (found[1] + 1) + ":" + (found[2] + 1);
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
