import type { SourceMap } from "./lines.ts";
import { eachSegment } from "./mappings.ts";

const CLASS = /^(\s*(?:var|let|const) )([\w$]+)( = class ?)([\w$]*)(?: extends .*| )?\{$/;
const FUNCTION = /^(?:async )?function\*? $/;

/**
 * Gives classes and functions the names that they have in the source, where esbuild had to call them otherwise: `Item` that is
 * named within itself becomes `var Item = class _Item`, and a second `Money` becomes `Money2`. The map says where that was.
 *
 * esbuild's own way (`keepNames`) names every function again each time it is made: on a call's way, with handlers that make a
 * few, that is a tenth of its CPU time. Nothing is added but at the ends of lines, so that the map stays right.
 */
export function restoreNames(code: string, { names, mappings }: SourceMap): string {
  const lines = code.split("\n");
  const functions = new Set<string>();
  /** By line, where in the sources the names of its class come from, and what they are there. */
  const classes = new Map<number, { readonly match: RegExpExecArray; outer?: Origin; inner?: Origin }>();
  let last = -1;
  eachSegment(Buffer.from(mappings, "latin1"), ({ line, column, name, source, originalLine, originalColumn }) => {
    const text = lines[line];
    if (text === undefined) return;
    if (line !== last) {
      last = line;
      const match = text.endsWith("{") && text.includes(" = class") ? CLASS.exec(text) : null;
      if (match !== null) classes.set(line, { match });
    }
    const found = classes.get(line);
    if (found === undefined && name < 0) return;
    const origin = { name: names[name], place: `${source} ${originalLine} ${originalColumn}` };
    if (found !== undefined) {
      const [, before = "", own = "", is = ""] = found.match;
      if (column === before.length) found.outer = origin;
      else if (column === before.length + own.length + is.length) found.inner = origin;
    } else if (origin.name !== undefined && FUNCTION.test(text.slice(0, column))) {
      const own = /^[\w$]+/.exec(text.slice(column))?.[0];
      if (own !== undefined && own !== origin.name) functions.add(toNamed(own, origin.name));
    }
  });
  for (const [line, { match, outer, inner }] of classes) {
    const [text, , own = "", , within = ""] = match;
    // A name within that the source does not have comes from where the name without does.
    const isAdded = within !== "" && inner?.place === outer?.place;
    const wanted = within === "" || isAdded ? (outer?.name ?? own) : (inner?.name ?? within);
    if (wanted !== (within === "" ? own : within)) lines[line] = `${text} static { ${toNamed("this", wanted)} }`;
  }
  // Functions are there from the start of a module, whatever runs first.
  const first = lines.findIndex((line) => line.startsWith("const __hadron_named ="));
  if (functions.size > 0 && first >= 0) lines[first] += ` ${[...functions].join(" ")}`;
  return lines.join("\n");
}

interface Origin {
  readonly name: string | undefined;
  readonly place: string;
}

function toNamed(value: string, name: string): string {
  return `__hadron_named(${value}, ${JSON.stringify(name)});`;
}
