import { createHmac, timingSafeEqual } from "node:crypto";

/** What a token leads to. */
export interface TokenPlace {
  readonly id: string;
  readonly hook: string;
}

/**
 * The token of a run's hook: where it leads, and what only the run's secret makes of that. So nothing has to be kept of it, a
 * replay and any replica find the same, and a fork, which has its origin's secret, has tokens of its own.
 */
export function toToken(secret: string, { id, hook }: TokenPlace): string {
  return signed(secret, Buffer.from(`${id}\0${hook}`).toString("base64url"));
}

/** Where a token leads, if it is genuine; undefined where it cannot be one. */
export function readToken(token: string): TokenPlace | undefined {
  const [place = "", proof] = token.split(".");
  if (proof === undefined) return undefined;
  const [id, hook, ...more] = Buffer.from(place, "base64url").toString().split("\0");
  return id === undefined || hook === undefined || more.length > 0 ? undefined : { id, hook };
}

/** Whether a token was made with the secret. */
export function isGenuine(secret: string, token: string): boolean {
  const given = Buffer.from(token);
  const wanted = Buffer.from(signed(secret, token.slice(0, token.indexOf("."))));
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** 192 bits of it are enough. */
function signed(secret: string, place: string): string {
  const proof = createHmac("sha256", secret).update(`hook ${place}`).digest().subarray(0, 24);
  return `${place}.${proof.toString("base64url")}`;
}
