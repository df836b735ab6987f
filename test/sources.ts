import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");

export const PACKAGES: readonly string[] = globSync("packages/*/package.json", { cwd: root })
  .map((file) => basename(dirname(file)))
  .sort();

/** The sources of a package, relative to the root of the repository. */
export function sourcesOf(name: string): string[] {
  return globSync(`packages/${name}/src/**/*.ts`, { cwd: root }).sort();
}

/** A source without its comments. */
export function codeOf(file: string): string {
  return readFileSync(join(root, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

/** What a source imports, as it is written there; types and dynamic imports, too. */
export function importsOf(file: string): string[] {
  return [...codeOf(file).matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] as string);
}

/** What leads where. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The files of a package, and which of them import which. */
export function filesOf(name: string): Graph {
  const files = new Set(sourcesOf(name));
  const targets = (file: string) =>
    importsOf(file)
      .filter((target) => target.startsWith("."))
      .map((target) => relative(root, resolve(root, dirname(file), target)))
      .filter((target) => files.has(target));
  return new Map([...files].map((file) => [file, new Set(targets(file))]));
}

/** The folders of a package, below its `src`, and which of them import which. A file at the top is a room of its own. */
export function foldersOf(name: string): Graph {
  const src = `packages/${name}/src`;
  const room = (file: string) => relative(src, dirname(file) === src ? file : dirname(file));
  const folders = new Map<string, Set<string>>();
  for (const [file, targets] of filesOf(name)) {
    const reached = folders.get(room(file)) ?? new Set();
    for (const target of targets) if (room(target) !== room(file)) reached.add(room(target));
    folders.set(room(file), reached);
  }
  return folders;
}

/** A shortest way round, from where it begins back to there; undefined where there is none. */
function circleFrom(graph: Graph, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const target of graph.get(node) ?? []) {
      if (target === start) {
        const way = [start];
        for (let at = node; at !== start; at = cameFrom.get(at) as string) way.unshift(at);
        return [start, ...way];
      }
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, node);
      queue.push(target);
    }
  }
  return undefined;
}

/** The circles of a graph, a shortest one through each of its nodes: "a → b → a". */
export function circlesOf(graph: Graph): string[] {
  const circles = new Map<string, string>();
  for (const node of graph.keys()) {
    const way = circleFrom(graph, node);
    if (way !== undefined) circles.set(way.slice(1).sort().join(), (circleFrom(graph, node) as string[]).join(" → "));
  }
  return [...circles.values()].sort();
}

/** Whether an edge of the graph, "a → b", lies on a circle of it. */
export function isOnCircle(graph: Graph, edge: string): boolean {
  const [from, to] = edge.split(" → ") as [string, string];
  if (!graph.get(from)?.has(to)) return false;
  return circleFrom(new Map([...graph, [from, new Set([to])]]), from) !== undefined;
}

/** The graph without some of its edges. */
export function without(graph: Graph, edges: readonly string[]): Graph {
  return new Map(
    [...graph].map(([from, targets]) => [
      from,
      new Set([...targets].filter((to) => !edges.includes(`${from} → ${to}`))),
    ]),
  );
}
