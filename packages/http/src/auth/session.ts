import { randomBytes } from "node:crypto";
import { HadronError, type User } from "@hadron/core";
import { toCookies } from "../request/fields.ts";
import { digest, type Keeps, type Known, usesOf } from "./kept.ts";
import { type Auth, type Shown, toAuth, toldKey } from "./scheme.ts";

/** What is kept of a session, or of a user's sessions together. */
export interface SessionKept {
  /** Of a session: whose it is. */
  readonly user?: Known;
  /** Sessions of an earlier epoch than their user's are over. */
  readonly epoch: string;
  /** When its cookie was made, in milliseconds since 1970. */
  readonly at: number;
  /** Whether another cookie has taken its place. */
  readonly replaced?: boolean;
}

/** What keeps sessions: a `keyValue<SessionKept>` of `@hadron/resources`, or anything that does as much. */
export interface KeepsSessions extends Keeps<SessionKept> {
  set(key: string, value: SessionKept, options?: { readonly ttlMs?: number }): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

export interface SessionOptions {
  /** The cookie's name. @default "__Host-session", and "session" where it is not secure */
  readonly cookie?: string;
  /** How long a session lasts that is not used. @default 14 days */
  readonly ttlMs?: number;
  /** How old a cookie gets until another takes its place. @default 15 minutes */
  readonly rotateMs?: number;
  /** Whether links from elsewhere come with it. @default "Lax" */
  readonly sameSite?: "Lax" | "Strict";
  /** Whether it is sent over TLS alone, and to this machine. @default true */
  readonly secure?: boolean;
}

/** A filter that knows sessions, and begins and ends them. */
export interface SessionAuth extends Auth {
  /** Begins one: the value of the answer's `Set-Cookie`. */
  start(user: Known): Promise<string>;
  /** Ends the one that a request came with: the value of the answer's `Set-Cookie`. */
  end(request: Request): Promise<string>;
  /** Ends all of a user's, wherever they have signed in. */
  endAll(userId: string): Promise<void>;
}

/** Requests that were on their way when their cookie was replaced come with the old one. */
const REPLACED_MS = 30_000;

const DAY_MS = 86_400_000;

/**
 * Sessions by a cookie that no script sees, kept by its hash.
 *
 * @example
 * const session = auth.session(keyValue<SessionKept>("sessions"));
 * "POST /login": async ({ body }) => new Response(null, { status: 204, headers: { "set-cookie": await session.start(await check(body)) } }),
 */
export function session(sessions: KeepsSessions, options: SessionOptions = {}): SessionAuth {
  const { ttlMs = 14 * DAY_MS, rotateMs = 900_000, sameSite = "Lax", secure = true } = options;
  const cookie = options.cookie ?? (secure ? "__Host-session" : "session");
  if (!/^[\w!#$%&'*.^`|~+-]+$/.test(cookie))
    throw new HadronError("INVALID_DECLARATION", `auth.session: "${cookie}" cannot be a cookie's name.`);
  const toCookie = (value: string, ms: number) =>
    `${cookie}=${value}; Path=/; Max-Age=${Math.round(ms / 1000)}; HttpOnly; SameSite=${sameSite}${secure ? "; Secure" : ""}`;
  const epochOf = async (id: string) => (await sessions.get(ofUser(id)))?.epoch ?? "";
  const make = async (user: Known, epoch: string) => {
    const value = randomBytes(32).toString("base64url");
    await sessions.set(ofCookie(value), { user, epoch, at: Date.now() }, { ttlMs });
    return toCookie(value, ttlMs);
  };
  const check = async (sent: string | undefined): Promise<Shown | undefined> => {
    const value = toCookies(sent)[cookie];
    if (value === undefined || value === "") return undefined;
    const kept = await sessions.get(ofCookie(value));
    if (kept?.user === undefined || kept.epoch !== (await epochOf(kept.user.id))) {
      throw new HadronError("UNAUTHENTICATED", "The session is over: sign in again.");
    }
    const user: User = { ...kept.user, by: "session" };
    if (kept.replaced === true || Date.now() - kept.at < rotateMs) return { user };
    await sessions.set(ofCookie(value), { ...kept, replaced: true }, { ttlMs: REPLACED_MS });
    return { user, setCookie: await make(kept.user, kept.epoch) };
  };
  return toAuth(
    {
      challenge: undefined,
      uses: usesOf(sessions),
      told: [toldKey("session", "cookie", cookie)],
      check: ({ headers }) => check(headers.cookie),
    },
    {
      async start(user: Known) {
        return make(user, await epochOf(user.id));
      },
      async end(request: Request) {
        const value = toCookies(request.headers.get("cookie") ?? undefined)[cookie];
        if (value !== undefined && value !== "") await sessions.delete(ofCookie(value));
        return toCookie("", 0);
      },
      async endAll(userId: string) {
        await sessions.set(ofUser(userId), { epoch: randomBytes(16).toString("base64url"), at: Date.now() });
      },
    },
  );
}

function ofCookie(value: string): string {
  return `session/${digest(value)}`;
}

function ofUser(id: string): string {
  return `user/${digest(id)}`;
}
