/** What a request asks for: a path that can be matched; another path that it is to go to; or none. */
export type Target =
  | { readonly kind: "path"; readonly segments: readonly string[]; readonly slash: boolean; readonly query: string }
  | { readonly kind: "elsewhere"; readonly location: string }
  | { readonly kind: "none" }
  | { readonly kind: "bad"; readonly why: string };

// What nearly everybody asks for: letters, digits and the like, no escapes, no dots that mean another folder.
const PLAIN = /^(?:\/(?!\.{1,2}(?:\/|$))[\w\-.~!$&'()+,;=:@]+)*\/?$/;

/**
 * Reads what a request asks for, once: nothing is decoded twice, so nothing means one thing to a check and another behind it.
 *
 * Escapes are decoded segment by segment: `%2F` stays inside of its segment. `.` and `..`, also escaped, control characters,
 * backslashes and what is no UTF-8 are refused; `//` goes to the path with one slash.
 */
export function readTarget(url: string): Target {
  if (!url.startsWith("/")) return url === "*" ? { kind: "none" } : readAbsolute(url);
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? "" : url.slice(mark + 1);
  const slash = path.length > 1 && path.endsWith("/");
  if (PLAIN.test(path)) {
    const inner = slash ? path.slice(1, -1) : path.slice(1);
    return { kind: "path", segments: inner === "" ? [] : inner.split("/"), slash, query };
  }
  if (path.includes("//")) {
    const search = mark < 0 ? "" : url.slice(mark);
    return { kind: "elsewhere", location: path.replaceAll(/\/{2,}/g, "/") + search };
  }
  const segments: string[] = [];
  for (const part of path.slice(1, slash ? -1 : undefined).split("/")) {
    const segment = decode(part);
    if (typeof segment !== "string") return segment;
    segments.push(segment);
  }
  return { kind: "path", segments, slash, query };
}

/** What is said to a proxy: `GET http://host/path`. The host is not looked at; RFC 9112 asks every server to take it. */
function readAbsolute(url: string): Target {
  const match = /^https?:\/\/[^/?#]+(\/[^#]*)?$/i.exec(url);
  if (match === null) return { kind: "bad", why: "The request asks for no path." };
  return readTarget(match[1] ?? "/");
}

function decode(part: string): string | Extract<Target, { kind: "bad" }> {
  if (/[^\x21-\x7e]|[\\#]/.test(part)) {
    return bad("The path has characters that have to be percent-encoded.");
  }
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    return bad("The path has a percent-encoding that is none.");
  }
  if (text === "." || text === "..") return bad('The path has a segment "." or "..".');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  if (/[\x00-\x1f\x7f\\]/.test(text)) return bad("The path has a control character or a backslash.");
  return text;
}

function bad(why: string): Extract<Target, { kind: "bad" }> {
  return { kind: "bad", why };
}
