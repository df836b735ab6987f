import { HadronError } from "@hadron/core";
import { type Pattern, parsePattern } from "./pattern.ts";

/** What is at one place, by method; `*` is whatever the method. */
type Place<T> = Map<string, Entry<T>>;

interface Entry<T> {
  readonly pattern: Pattern;
  readonly value: T;
  /** Names of its parameters, in order. */
  readonly names: readonly string[];
  /** Whether what is left of the path is one, too. */
  readonly takesRest: boolean;
}

interface Node<T> {
  readonly statics: Map<string, Node<T>>;
  param: Node<T> | undefined;
  /** What ends here. */
  here: Place<T> | undefined;
  /** What takes all that is left. */
  rest: Place<T> | undefined;
}

/** What a request has found. */
export type Match<T> =
  | {
      readonly kind: "found";
      readonly value: T;
      readonly params: Readonly<Record<string, string>>;
      readonly rest: readonly string[];
    }
  | { readonly kind: "method"; readonly allow: readonly string[] }
  | { readonly kind: "nothing" };

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});
const NO_REST: readonly string[] = Object.freeze([]);

/**
 * Finds the route of a path: at each segment a static one before a parameter before `*`, whatever the order in which they
 * were declared. A place that has the path and not the method is gone back from only where another has both.
 *
 * Own code, not a kept router: those that are quick (find-my-way, rou3, the trie of Hono) match before decoding or decode
 * twice, and have other rules for `%2F`, slashes and two routes that match the same.
 */
export class Matcher<T> {
  readonly #root = createNode<T>();

  /** INVALID_DECLARATION where a key is none, or two match the same. */
  constructor(routes: Iterable<readonly [key: string, value: T]>) {
    for (const [key, value] of routes) this.#add(parsePattern(key), value);
  }

  #add(pattern: Pattern, value: T): void {
    let node = this.#root;
    const names: string[] = [];
    let place: "here" | "rest" = "here";
    for (const segment of pattern.segments) {
      if (segment.kind === "rest") {
        place = "rest";
        continue;
      }
      let next = segment.kind === "static" ? node.statics.get(segment.text) : node.param;
      if (next === undefined) {
        next = createNode();
        if (segment.kind === "static") node.statics.set(segment.text, next);
        else node.param = next;
      }
      if (segment.kind === "param") names.push(segment.name);
      node = next;
    }
    const at: Place<T> = node[place] ?? new Map();
    node[place] = at;
    const method = pattern.method ?? "*";
    const other = at.get(method);
    if (other !== undefined) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `The routes "${other.pattern.key}" and "${pattern.key}" match the same requests. Keep one of them.`,
      );
    }
    at.set(method, { pattern, value, names, takesRest: place === "rest" });
  }

  /** Finds what a path and a method lead to. */
  find(method: string, segments: readonly string[]): Match<T> {
    const found = this.#walk(this.#root, method, segments, 0, [], undefined);
    if (found !== undefined) return found;
    // Once more, for those that have the path alone: few ask for what is not there.
    const allow = new Set<string>();
    this.#walk(this.#root, method, segments, 0, [], allow);
    return allow.size === 0 ? { kind: "nothing" } : { kind: "method", allow: toAllow(allow) };
  }

  #walk(
    node: Node<T>,
    method: string,
    segments: readonly string[],
    at: number,
    values: string[],
    allow: Set<string> | undefined,
  ): Match<T> | undefined {
    const segment = segments[at];
    if (segment === undefined) {
      const found = pick(node.here, method, values, NO_REST, allow);
      if (found !== undefined) return found;
    } else {
      const next = node.statics.get(segment);
      const found = next === undefined ? undefined : this.#walk(next, method, segments, at + 1, values, allow);
      if (found !== undefined) return found;
      if (node.param !== undefined && segment !== "") {
        values.push(segment);
        const found = this.#walk(node.param, method, segments, at + 1, values, allow);
        if (found !== undefined) return found;
        values.pop();
      }
    }
    return node.rest === undefined ? undefined : pick(node.rest, method, values, segments.slice(at), allow);
  }
}

function pick<T>(
  place: Place<T> | undefined,
  method: string,
  values: readonly string[],
  rest: readonly string[],
  allow: Set<string> | undefined,
): Match<T> | undefined {
  if (place === undefined) return undefined;
  const entry = place.get(method) ?? (method === "HEAD" ? place.get("GET") : undefined) ?? place.get("*");
  if (entry === undefined) {
    if (allow !== undefined) for (const other of place.keys()) allow.add(other);
    return undefined;
  }
  const { names, takesRest, value } = entry;
  if (names.length === 0 && !takesRest) return { kind: "found", value, params: NO_PARAMS, rest };
  const params: Record<string, string> = {};
  for (let at = 0; at < names.length; at++) params[names[at] as string] = values[at] ?? "";
  if (takesRest) params["*"] = rest.join("/");
  return { kind: "found", value, params, rest };
}

/** What the header `Allow` says: what is answered beside what was declared, too. */
function toAllow(methods: ReadonlySet<string>): readonly string[] {
  const all = new Set(methods);
  if (all.has("GET")) all.add("HEAD");
  all.add("OPTIONS");
  return [...all].sort();
}

function createNode<T>(): Node<T> {
  return { statics: new Map(), param: undefined, here: undefined, rest: undefined };
}
