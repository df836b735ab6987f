import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Node, parseSync } from "oxc-parser";

/** Where a name comes from: another file, under the name that it has there ("*": all of it), or a package (`file` absent). */
interface Origin {
  readonly file: string | undefined;
  readonly name: string;
}

/** A file of declarations, taken apart. */
export interface Declarations {
  /** Name → the texts that declare it (overloads are several), without comments. */
  readonly own: ReadonlyMap<string, readonly string[]>;
  /** Name in this file → what it imports under that name. */
  readonly imported: ReadonlyMap<string, Origin>;
  /** Name outside → name in this file. */
  readonly exported: ReadonlyMap<string, string>;
  /** Files whose exports are all passed on. */
  readonly passedOn: readonly string[];
  /** Name → the other names of this file that its declaration mentions. */
  readonly mentioned: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads what `tsc` wrote about one source, a `.d.ts` file. */
export function readDeclarations(file: string): Declarations {
  const text = readFileSync(file, "utf8");
  const { program, comments } = parseSync(file, text);
  const own = new Map<string, string[]>();
  const nodes = new Map<string, Node[]>();
  const imported = new Map<string, Origin>();
  const exported = new Map<string, string>();
  const passedOn: string[] = [];
  const target = (source: string) =>
    source.startsWith(".") ? toDeclarations(resolve(dirname(file), source)) : undefined;
  const declare = (node: Node, whole: Node) => {
    for (const name of namesOf(node)) {
      own.set(name, [...(own.get(name) ?? []), textOf(text, comments, whole)]);
      nodes.set(name, [...(nodes.get(name) ?? []), node]);
    }
  };
  for (const statement of program.body) {
    if (statement.type === "ImportDeclaration") {
      for (const specifier of statement.specifiers) {
        const name =
          specifier.type === "ImportSpecifier"
            ? nameOf(specifier.imported)
            : specifier.type === "ImportDefaultSpecifier"
              ? "default"
              : "*";
        imported.set(specifier.local.name, { file: target(statement.source.value), name });
      }
    } else if (statement.type === "ExportAllDeclaration") {
      const from = target(statement.source.value);
      if (from !== undefined) passedOn.push(from);
    } else if (statement.type === "ExportNamedDeclaration") {
      if (statement.declaration !== null) {
        declare(statement.declaration, statement);
        for (const name of namesOf(statement.declaration)) exported.set(name, name);
      }
      for (const { local, exported: outside } of statement.specifiers) {
        // What is only passed through gets a name that nothing in the file can have.
        const inside = statement.source === null ? nameOf(local) : `${nameOf(local)} from ${statement.source.value}`;
        if (statement.source !== null)
          imported.set(inside, { file: target(statement.source.value), name: nameOf(local) });
        exported.set(nameOf(outside), inside);
      }
    } else declare(statement, statement);
  }
  const known = new Set([...own.keys(), ...imported.keys()]);
  const mentioned = new Map([...nodes].map(([name, declared]) => [name, mentionedBy(declared, known)]));
  return { own, imported, exported, passedOn, mentioned };
}

/** Sources are named `.ts` in what they import; what was written about them is beside it. */
function toDeclarations(path: string): string {
  return path.replace(/(?<!\.d)\.ts$/, ".d.ts");
}

function nameOf(name: { readonly type: string; readonly name?: string; readonly value?: unknown }): string {
  return name.name ?? String(name.value);
}

function namesOf(declaration: Node): string[] {
  if (declaration.type === "VariableDeclaration")
    return declaration.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
  if ("id" in declaration && declaration.id !== null && typeof declaration.id === "object" && "name" in declaration.id)
    return [String(declaration.id.name)];
  return [];
}

/** The text of a node without comments, blank lines, and members that are nobody's business. */
function textOf(
  text: string,
  comments: readonly { readonly start: number; readonly end: number }[],
  node: Node,
): string {
  let bare = "";
  let at = node.start;
  for (const { start, end } of comments) {
    if (start < at || end > node.end) continue;
    bare += text.slice(at, start);
    at = end;
  }
  return (bare + text.slice(at, node.end))
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && !/^\s*(#private;|private )/.test(line))
    .join("\n")
    .replace(/^export /, "")
    .replace(/^declare /, "");
}

/** The names that a declaration uses, of those given. The key of a member is none. */
function mentionedBy(nodes: readonly Node[], known: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (typeof value === "object" && value !== null) {
      const node = value as Readonly<Record<string, unknown>>;
      if (node.type === "Identifier" && known.has(String(node.name))) found.add(String(node.name));
      for (const [key, child] of Object.entries(node)) if (key !== "key" || node.computed === true) visit(child);
    }
  };
  visit(nodes);
  return found;
}
