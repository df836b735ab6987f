import { addMeta, decodeMeta } from "./meta.ts";
import { USER_META, type User } from "./user.ts";

/** What a caller from outside shows of itself, by the names of headers in lower case. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Says whose credentials those are. */
export interface Authenticator {
  /** UNAUTHENTICATED, with what to send, where they are nobody's. */
  authenticate(credentials: Credentials): User | Promise<User>;
}

/** Under which key credentials come to the replica that looks at them: no further. */
const CREDENTIALS_META = "hadron.credentials";

/** The headers that may hold some. */
const HEADERS = ["authorization", "x-api-key", "cookie"] as const;

/** The metadata of a call that came in over HTTP: what it claims, what it shows, and never what an app says of its users. */
export function metaFromOutside(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): string | undefined {
  const claimed = baggageFromOutside(headers.baggage);
  const shown = HEADERS.flatMap((name) => (typeof headers[name] === "string" ? [[name, headers[name]]] : []));
  if (shown.length === 0) return claimed;
  const member = `${CREDENTIALS_META}=${encodeURIComponent(JSON.stringify(Object.fromEntries(shown)))}`;
  return claimed === undefined ? member : `${claimed},${member}`;
}

/** The metadata that a caller from outside claims, in the header `baggage`: neither of who somebody is, nor what shows it. */
export function baggageFromOutside(baggage: string | readonly string[] | undefined): string | undefined {
  if (typeof baggage !== "string") return undefined;
  const claimed = baggage.includes(USER_META) ? addMeta(baggage, { [USER_META]: undefined }) : baggage;
  return withoutCredentials(claimed);
}

/** What a call carries that shows a token: for callers who are no browser. */
export function tokenMeta(token: string): Readonly<Record<string, string>> {
  return { [CREDENTIALS_META]: JSON.stringify({ authorization: `Bearer ${token}` }) };
}

/** Metadata without credentials: they go no further than to who looks at them. */
export function withoutCredentials(meta: string | undefined): string | undefined {
  if (meta === undefined || !meta.includes(CREDENTIALS_META)) return meta;
  const members = meta.split(",").filter((member) => !member.trimStart().startsWith(CREDENTIALS_META));
  return members.length === 0 ? undefined : members.join(",");
}

/** The credentials in metadata; none where there are none that can be read. */
export function credentialsIn(meta: string | undefined): Credentials {
  const text = decodeMeta(meta)[CREDENTIALS_META];
  if (text === undefined) return { headers: {} };
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== "object" || read === null) return { headers: {} };
    const entries = Object.entries(read).filter((entry): entry is [string, string] => typeof entry[1] === "string");
    return { headers: Object.fromEntries(entries) };
  } catch {
    // It came from outside, and shows nothing.
    return { headers: {} };
  }
}
