/** A record without a prototype: whatever a client names, it finds nothing that the client did not send. */
type Fields = Record<string, string | undefined>;

/** Headers that come once: of a second one the first counts. Node refuses those that would be dangerous. */
const SINGLE = new Set([
  "content-type",
  "host",
  "user-agent",
  "referer",
  "from",
  "max-forwards",
  "location",
  "etag",
  "server",
]);

/** Headers as a record, by names in lower case; of those that are there twice the values joined. */
export function toHeaders(flat: readonly string[]): Fields {
  const fields: Fields = Object.create(null);
  for (let at = 0; at < flat.length; at += 2) {
    const name = (flat[at] as string).toLowerCase();
    const value = flat[at + 1] as string;
    const there = fields[name];
    if (there === undefined) fields[name] = value;
    else if (!SINGLE.has(name)) fields[name] = there + (name === "cookie" ? "; " : ", ") + value;
  }
  return fields;
}

/** Cookies as a record: RFC 6265, section 5.4. The first of a name counts, as it has the longest path. */
export function toCookies(header: string | undefined): Fields {
  const fields: Fields = Object.create(null);
  for (const pair of header?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals < 0) continue;
    const name = pair.slice(0, equals).trim();
    if (name === "" || fields[name] !== undefined) continue;
    fields[name] = decode(
      pair
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, "$1"),
    );
  }
  return fields;
}

/** A query as a record; of a name that is there twice the first. */
export function toQuery(query: string): Fields {
  const fields: Fields = Object.create(null);
  if (query === "") return fields;
  for (const [name, value] of new URLSearchParams(query)) fields[name] ??= value;
  return fields;
}

/** A query for a schema: a name that is there twice is an array. */
export function toQueryLists(query: string): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = Object.create(null);
  const all = new URLSearchParams(query);
  for (const name of new Set(all.keys())) {
    const values = all.getAll(name);
    fields[name] = values.length === 1 ? (values[0] as string) : values;
  }
  return { ...fields };
}

function decode(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
