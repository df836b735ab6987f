import { HadronError } from "@hadron/core";

/** The methods that a route may name. `HEAD` is answered from `GET`, `OPTIONS` by itself, unless a route says otherwise. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** A segment of a pattern: itself, a parameter, or all that is left. */
export type Segment =
  | { readonly kind: "static"; readonly text: string }
  | { readonly kind: "param"; readonly name: string }
  | { readonly kind: "rest" };

/** A route's key, parsed. */
export interface Pattern {
  /** As it was written. */
  readonly key: string;
  /** Undefined: whatever the method. */
  readonly method: string | undefined;
  readonly segments: readonly Segment[];
}

/**
 * Parses a key such as `GET /orders/:id` or `/admin/*`. INVALID_DECLARATION where it is none.
 */
export function parsePattern(key: string): Pattern {
  const [first = "", ...others] = key.split(" ");
  const [method, path] = others.length === 0 ? [undefined, first] : [first, others.join(" ")];
  if (method !== undefined && !(METHODS as readonly string[]).includes(method)) {
    const upper = method.toUpperCase();
    const meant = (METHODS as readonly string[]).includes(upper) ? `; write ${upper}` : "";
    fail(key, `"${method}" is no method${meant}; there are ${METHODS.join(", ")}`);
  }
  const segments = parsePath(key, path);
  return { key, method, segments };
}

/** Parses the path of a pattern. INVALID_DECLARATION where it is none. */
export function parsePath(key: string, path: string): readonly Segment[] {
  if (!path.startsWith("/")) fail(key, `the path "${path}" does not begin with "/": write "GET /path", or "/path/*"`);
  if (/[?#\s\\]/.test(path)) fail(key, "a path has no query, fragment, space or backslash");
  if (path === "/") return [];
  const parts = path.slice(1).split("/");
  if (parts.at(-1) === "")
    fail(key, 'it ends in "/"; leave that out: whoever asks with it is sent to the path without');
  const segments = parts.map((part, place) => toSegment(key, part, place === parts.length - 1));
  const names = segments.flatMap((segment) => (segment.kind === "param" ? [segment.name] : []));
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) fail(key, `the parameter "${twice}" is there twice`);
  return segments;
}

function toSegment(key: string, part: string, last: boolean): Segment {
  if (part === "") fail(key, 'it has "//"');
  if (part === "." || part === "..") fail(key, `it has "${part}"`);
  if (part === "*") {
    if (!last) fail(key, '"*" takes all that is left, so it can only be the last');
    return { kind: "rest" };
  }
  if (part.startsWith(":")) {
    const name = part.slice(1);
    if (!/^[A-Za-z_]\w*$/.test(name)) fail(key, `"${part}" names no parameter: letters, digits and "_" behind ":"`);
    return { kind: "param", name };
  }
  if (part.includes("*") || part.includes(":")) fail(key, `"${part}": ":" and "*" stand at the beginning of a segment`);
  // As a browser would send it, or as it is read: both are the same path.
  try {
    return { kind: "static", text: decodeURIComponent(part) };
  } catch {
    return fail(key, `"${part}" is no valid percent-encoding`);
  }
}

function fail(key: string, what: string): never {
  throw new HadronError("INVALID_DECLARATION", `The route "${key}": ${what}.`);
}
