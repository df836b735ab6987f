import { HadronError } from "@hadron/core";
import type { RouteRecord } from "./records.ts";

interface Branch {
  readonly named: Map<string, Branch>;
  any: Branch | undefined;
  /** By method. */
  readonly here: Map<string, RouteRecord>;
  readonly below: Map<string, RouteRecord>;
}

export type FoundRoute =
  | { readonly kind: "found"; readonly route: RouteRecord; readonly params: Readonly<Record<string, string>> }
  /** The methods that are at this path; none where nothing is. */
  | { readonly kind: "nothing"; readonly allow: readonly string[] };

/**
 * What is at which path: `/a/b` before `/a/!name` before `/a/*rest`, segment by segment, whatever the order. A path that has another
 * method alone gives way to one that has this.
 */
export class RouteTree {
  readonly #root: Branch = createBranch();

  constructor(routes: readonly RouteRecord[]) {
    for (const route of routes) {
      let at = this.#root;
      let isBelow = false;
      for (const segment of toSegments(route.path)) {
        if (segment.startsWith("*")) isBelow = true;
        else if (segment.startsWith("!")) {
          at.any ??= createBranch();
          at = at.any;
        } else {
          const next = at.named.get(segment) ?? createBranch();
          at.named.set(segment, next);
          at = next;
        }
      }
      (isBelow ? at.below : at.here).set(route.method, route);
    }
  }

  find(method: string, segments: readonly string[]): FoundRoute {
    const allow = new Set<string>();
    const take = (routes: Map<string, RouteRecord>): RouteRecord | undefined => {
      for (const known of routes.keys()) allow.add(known);
      return routes.get(method) ?? (method === "HEAD" ? routes.get("GET") : undefined);
    };
    const walk = (branch: Branch, at: number): RouteRecord | undefined => {
      const segment = segments[at];
      if (segment === undefined) return take(branch.here) ?? take(branch.below);
      const next = branch.named.get(segment);
      return (
        (next && walk(next, at + 1)) ??
        (segment !== "" && branch.any !== undefined ? walk(branch.any, at + 1) : undefined) ??
        take(branch.below)
      );
    };
    const route = walk(this.#root, 0);
    return route === undefined
      ? { kind: "nothing", allow: [...allow] }
      : { kind: "found", route, params: bind(route, segments) };
  }
}

/** The key of a route: two that take the same requests have the same. */
export function keyOfRoute({ method, path }: Pick<RouteRecord, "method" | "path">): string {
  return `${method} /${toSegments(path)
    .map((segment) => (/^[!*]/.test(segment) ? segment[0] : segment))
    .join("/")}`;
}

/** INVALID_INPUT where it is no path of a route. */
export function checkRoutePath(path: string): string {
  const refuse = (why: string): never => {
    throw new HadronError("INVALID_INPUT", `The path "${path}" ${why}: write it like /a/!name or /a/*rest.`);
  };
  if (!path.startsWith("/")) refuse("does not begin with /");
  if (path.length > 512) refuse("is longer than 512 characters");
  const segments = toSegments(path);
  const names: string[] = [];
  for (const [at, segment] of segments.entries()) {
    if (segment === "." || segment === "..") refuse("has a . or .. in it");
    if (/[\p{Cc}?#\\]/u.test(segment)) refuse("has what no path can have");
    if (segment === "" && at < segments.length - 1) refuse("has two slashes in a row");
    if (!/^[!*]/.test(segment)) continue;
    if (segment.startsWith("*") && at < segments.length - 1) refuse("has something behind what takes the rest");
    const name = segment.slice(1);
    if (!/^[A-Za-z][\w-]*$/.test(name)) refuse(`has "${segment}", which names nothing`);
    if (names.includes(name)) refuse(`has "${name}" twice`);
    names.push(name);
  }
  return path;
}

/** The segments of a path, of `/` one that is empty. */
function toSegments(path: string): readonly string[] {
  return path.slice(1).split("/");
}

function bind({ path }: RouteRecord, segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [at, segment] of toSegments(path).entries()) {
    if (segment.startsWith("!")) params[segment.slice(1)] = segments[at] ?? "";
    if (segment.startsWith("*")) params[segment.slice(1)] = segments.slice(at).join("/");
  }
  return params;
}

function createBranch(): Branch {
  return { named: new Map(), any: undefined, here: new Map(), below: new Map() };
}
