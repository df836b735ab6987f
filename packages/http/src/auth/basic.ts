import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { HadronError } from "@hadron/core";
import type { Secret } from "@hadron/core/spi";
import { isSecret, type Keeps, readPairs, sameText, usesOf } from "./kept.ts";
import { type Auth, toAuth } from "./scheme.ts";

export interface BasicOptions {
  /** A secret of `name:password` pairs, parted by spaces; or a key-value in which a name has what `hashPassword` made. */
  readonly users: Secret | Keeps<string>;
  /** What browsers call the place. @default "Sign in" */
  readonly realm?: string;
}

const derive = promisify<string, Buffer, number, Buffer>(scrypt);
const BYTES = 32;

/** Of nobody's password: so that a name that is not there takes as long as one that is. */
const NOBODY = `scrypt:${"00".repeat(16)}:${"00".repeat(BYTES)}`;

/** A name and a password with each request: RFC 7617. Over TLS alone. */
export function basic({ users, realm = "Sign in" }: BasicOptions): Auth {
  if (/[^\x20-\x7e]|["\\]/.test(realm))
    throw new HadronError("INVALID_DECLARATION", `auth.basic: realm is "${realm}", and should be plain text.`);
  return toAuth(
    {
      challenge: `Basic realm="${realm}", charset="UTF-8"`,
      uses: usesOf(users),
      told: [{ name: "basic", scheme: { type: "http", scheme: "basic" } }],
      async check({ headers }) {
        const sent = /^basic +([\w+/=-]+) *$/i.exec(headers.authorization ?? "")?.[1];
        if (sent === undefined) return undefined;
        const [, name = "", password = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(sent, "base64").toString("utf8")) ?? [];
        const fits = isSecret(users)
          ? readPairs(users).filter(([known, kept]) => sameText(`${known}:${kept}`, `${name}:${password}`)).length > 0
          : await isPassword(password, name === "" ? undefined : await users.get(name));
        if (!fits) throw new HadronError("UNAUTHENTICATED", "The name and the password do not belong together.");
        return { user: { id: name, by: "basic" } };
      },
    },
    {},
  );
}

/** What is kept of a password: salted, and slow to guess (scrypt). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `scrypt:${salt.toString("hex")}:${(await derive(password, salt, BYTES)).toString("hex")}`;
}

async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const [, salt = "", hash = ""] = (kept ?? NOBODY).split(":");
  const wanted = Buffer.from(hash, "hex");
  const made = await derive(password, Buffer.from(salt, "hex"), BYTES);
  return kept !== undefined && wanted.length === made.length && timingSafeEqual(wanted, made);
}
