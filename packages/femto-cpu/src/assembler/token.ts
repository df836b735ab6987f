import type { LineProblem } from "./problem.ts";

/** One piece of a line. `column` counts from 1. */
export interface Token {
  /** `word`: a name or number; `character`, `text`: what stood between quotes; `mark`: one of `:,[]+-`. */
  readonly kind: "word" | "character" | "text" | "mark";
  readonly text: string;
  readonly column: number;
}

// Sticky: each is tried where the last token ended.
const PATTERNS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["word", /([.A-Za-z0-9_]\w*)/y],
  ["mark", /([:,[\]+-])/y],
  ["character", /'(.)'/uy],
  ["text", /"([^"]+)"/y],
];

/** Cuts a line into tokens, up to its comment. Goes on behind what it cannot read, so that it finds all problems. */
export function toTokens(line: string): {
  readonly tokens: readonly Token[];
  readonly problems: readonly LineProblem[];
} {
  const tokens: Token[] = [];
  const problems: LineProblem[] = [];
  let at = 0;
  while (at < line.length) {
    // A whole character: one that UTF-16 writes as two counts as two columns, and is shown as one.
    const char = String.fromCodePoint(line.codePointAt(at) ?? 0);
    if (char === ";") break;
    if (char === " " || char === "\t" || char === "\r") {
      at += 1;
      continue;
    }
    const found = tokenAt(line, at);
    if (found !== undefined) {
      tokens.push(found.token);
      at = found.end;
      continue;
    }
    problems.push({ column: at + 1, ...unreadable(char, line.slice(at)) });
    // Nothing behind a quote that does not close can be told from what it should hold.
    if (char === '"' || char === "'") break;
    at += char.length;
  }
  return { tokens, problems };
}

function tokenAt(line: string, at: number): { readonly token: Token; readonly end: number } | undefined {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const [, text] = pattern.exec(line) ?? [];
    if (text !== undefined) return { token: { kind, text, column: at + 1 }, end: pattern.lastIndex };
  }
  return undefined;
}

function unreadable(char: string, rest: string): { problem: string; expected: string } {
  if (char === "'") return { problem: `syntax error: ${rest}`, expected: "one character between single quotes" };
  if (char === '"') return { problem: `syntax error: ${rest}`, expected: "text between double quotes" };
  return { problem: `syntax error: ${char}`, expected: "a label, an instruction, an operand or a comment" };
}
