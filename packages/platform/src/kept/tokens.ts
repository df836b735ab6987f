import { createHash, randomBytes } from "node:crypto";
import { HadronError } from "@hadron/core";
import type { Registry } from "./registry.ts";

/** Tokens of administration. What is kept of one is its digest. */
export class Tokens {
  readonly #registry: Registry;
  readonly #now: () => number;

  constructor(registry: Registry, now: () => number) {
    this.#registry = registry;
    this.#now = now;
  }

  /** The first one; undefined where there was one already, in whichever replica. */
  async first(): Promise<string | undefined> {
    if ((await this.#registry.get("own/", "has-token")) !== undefined) return undefined;
    // Made before it is said that there is one: a replica that dies between the two leaves a token that nobody knows, and not none at all.
    const token = await this.create({});
    if (await this.#registry.add("own/", "has-token", true)) return token;
    await this.#registry.delete("token/", digestOf(token));
    return undefined;
  }

  async create({ expiresAt }: { readonly expiresAt?: number | undefined }): Promise<string> {
    const token = randomBytes(32).toString("base64url");
    await this.#registry.set("token/", digestOf(token), expiresAt === undefined ? {} : { expiresAt });
    return token;
  }

  /** All but this one are good for nothing from now on. */
  async endOthers(token: string): Promise<void> {
    await this.#registry.load();
    for (const [digest] of this.#registry.all("token/")) {
      if (digest !== digestOf(token)) await this.#registry.delete("token/", digest);
    }
  }

  /** UNAUTHENTICATED where the header shows none that is good. */
  async check(authorization: string | undefined): Promise<void> {
    const token = authorization?.match(/^Bearer +([\w-]{20,100})$/i)?.[1];
    if (token === undefined) {
      throw new HadronError("UNAUTHENTICATED", "This wants the platform's token: Authorization: Bearer TOKEN.");
    }
    // Looked up by its digest: how long that takes says nothing of the token. In the store, so that one that was ended is.
    const found = await this.#registry.get("token/", digestOf(token));
    if (found === undefined) throw new HadronError("UNAUTHENTICATED", "The token is not one of this platform.");
    if (found.expiresAt !== undefined && found.expiresAt <= this.#now()) {
      throw new HadronError("UNAUTHENTICATED", "The token has expired: ask for a new one with another that is good.");
    }
  }
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
