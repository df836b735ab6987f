import { HadronError } from "../errors.ts";

/** Somebody who has shown who they are. */
export interface User {
  /** What names them among all: a subject, a name, the name of a key. */
  readonly id: string;
  /** How they have shown it: `bearer`, `apiKey`, `basic`, `session`, or a word of your own. */
  readonly by: string;
  /** What else is known of them, such as the claims of a token. @default nothing */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** The generated secret with which an app signs who calls. */
export const USER_KEY = "HADRON_USER_KEY";

/** Under which key it travels in a call's metadata. */
export const USER_META = "hadron.user";

/** A call lasts no longer than its deadline; what it starts may. */
const VALID_MS = 24 * 60 * 60 * 1000;

/** Whoever knows the app's key, and its time. */
export interface UserSigner {
  readonly app: string;
  readonly key: string;
  readonly wallNow: number;
}

/** Writes who calls in a form that nobody without the app's key can make. TOO_LARGE where it is more than a call carries. */
export function signUser({ id, by, claims }: User, { app, key, wallNow }: UserSigner): string {
  const body = Buffer.from(JSON.stringify({ id, by, claims, app, until: wallNow + VALID_MS })).toString("base64url");
  if (body.length > 6000) {
    const text = `What is known of the user "${id.slice(0, 100)}" is ${body.length} bytes, of which a call carries 6000: keep fewer claims.`;
    throw new HadronError("TOO_LARGE", text);
  }
  return `${body}.${macOf(body, key).toString("base64url")}`;
}

/** Reads what {@link signUser} wrote; undefined where it is not this app's, has been changed, or is a day old. */
export function readUser(text: string, { app, key, wallNow }: UserSigner): User | undefined {
  const [body = "", mac = ""] = text.split(".", 2);
  const { timingSafeEqual } = process.getBuiltinModule("node:crypto");
  const [wanted, found] = [macOf(body, key), Buffer.from(mac, "base64url")];
  if (wanted.length !== found.length || !timingSafeEqual(wanted, found)) return undefined;
  const read = JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as User & { app: string; until: number };
  if (read.app !== app || read.until < wallNow) return undefined;
  const { id, by, claims } = read;
  return claims === undefined ? { id, by } : { id, by, claims };
}

/** Asks for the module here: a replica that knows nobody is spared it at its start. */
function macOf(body: string, key: string): Buffer {
  return process.getBuiltinModule("node:crypto").createHmac("sha256", key).update(body).digest();
}
