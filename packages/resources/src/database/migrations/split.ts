/** A statement of a file, and where in it: from 1. */
export interface FileStatement {
  readonly text: string;
  readonly line: number;
}

/**
 * What of SQL may hold a semicolon that ends nothing: comments, strings, quoted names, dollar quotes. In alternatives, the
 * first that fits; nested comments are counted by hand.
 */
const TOKEN =
  /--[^\n]*|\/\*|[eE]'(?:\\[\s\S]|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[A-Za-z_][\w$]*|;/g;

/**
 * Splits a file into its statements, as psql does, so that one that fails can be named. The body of a function in standard SQL
 * (`begin atomic … end`) is part of its statement.
 *
 * https://www.postgresql.org/docs/18/sql-syntax-lexical.html
 */
export function splitStatements(file: string): readonly FileStatement[] {
  const statements: FileStatement[] = [];
  let from = 0;
  let depth = 0;
  let hasCode = false;
  let before = "";
  const token = new RegExp(TOKEN);
  const end = (to: number) => {
    const text = file.slice(from, to);
    const lead = text.length - text.trimStart().length;
    if (hasCode) statements.push({ text: text.trim(), line: file.slice(0, from + lead).split("\n").length });
    [from, depth, hasCode, before] = [to + 1, 0, false, ""];
  };
  for (let found = token.exec(file); found !== null; found = token.exec(file)) {
    const [word] = found;
    if (word.startsWith("--")) continue;
    if (word === "/*") {
      token.lastIndex = endOfComment(file, token.lastIndex);
      continue;
    }
    if (word === ";") {
      if (depth === 0) end(found.index);
      continue;
    }
    hasCode = true;
    if (word.startsWith("$")) {
      const close = file.indexOf(word, token.lastIndex);
      token.lastIndex = close < 0 ? file.length : close + word.length;
    }
    const lower = word.toLowerCase();
    if (lower === "atomic" && before === "begin") depth = 1;
    else if (depth > 0 && lower === "case") depth++;
    else if (depth > 0 && lower === "end") depth--;
    before = lower;
  }
  end(file.length);
  return statements;
}

/** Comments nest. */
function endOfComment(file: string, from: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  let depth = 1;
  for (let found = mark.exec(file); found !== null; found = mark.exec(file)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return file.length;
}
