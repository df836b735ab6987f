import { createHash, timingSafeEqual } from "node:crypto";
import { HadronError, type User } from "@hadron/core";
import { type Resource, resourceDefinition, type Secret } from "@hadron/core/spi";
import type { Scheme } from "./scheme.ts";

/** What keeps values by key: a `keyValue` of `@hadron/resources`, or anything that does as much. */
export interface Keeps<T> {
  get(key: string): Promise<T | undefined>;
}

/** The digest under which a key, or a session, is kept: whoever reads the store has none of them. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Compares without telling by its time how much of it is right. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}

/** Whether it is a secret, and not something that keeps values. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === "function";
}

/** What a service needs to ask something. */
export function usesOf(value: object): Scheme["uses"] {
  return isSecret(value) || resourceDefinition(value) !== undefined ? [value as Resource | Secret] : [];
}

/** Reads a secret of `name:value` pairs, parted by spaces, commas or line ends. */
export function readPairs(secret: Secret): readonly (readonly [name: string, value: string])[] {
  return secret()
    .split(/[\s,]+/)
    .filter((pair) => pair !== "")
    .map((pair) => {
      const colon = pair.indexOf(":");
      if (colon > 0 && colon < pair.length - 1) return [pair.slice(0, colon), pair.slice(colon + 1)] as const;
      throw new HadronError("FAILED_PRECONDITION", `${secret} should be pairs of name:value, parted by spaces.`);
    });
}

/** What is known of a user beside how they have shown who they are. */
export type Known = Omit<User, "by">;
