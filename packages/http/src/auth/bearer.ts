import { HadronError } from "@hadron/core";
import { inWords, type Secret } from "@hadron/core/spi";
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import { isSecret, sameText, usesOf } from "./kept.ts";
import { type Auth, type Scheme, toAuth } from "./scheme.ts";

/** Tokens of somebody who signs them: JSON Web Tokens, RFC 7519, with RS256, ES256 or EdDSA. */
export interface TokenOptions {
  /** The signer's public keys: their URL, which is asked again as they rotate, or the keys themselves. */
  readonly jwks: string | JSONWebKeySet;
  /** Who must have signed (`iss`). */
  readonly issuer: string;
  /** For whom it must be (`aud`). */
  readonly audience: string;
  /** How far the signer's clock may be from ours. @default 60 000 */
  readonly skewMs?: number;
  /** How long after asking for the keys, at least, they are asked for again because of a key that is not among them. @default 30 000 */
  readonly refreshMs?: number;
}

const ALGORITHMS = ["RS256", "ES256", "EdDSA"];

/**
 * `Authorization: Bearer …`. With a secret the token is that secret, and the user's id `bearer`; with `jwks` it is a signed token, and
 * the user's id its `sub`, its claims theirs.
 *
 * @example before: [auth.bearer({ jwks: "https://id.example.com/jwks.json", issuer: "https://id.example.com", audience: "shop" })]
 */
export function bearer(from: Secret | TokenOptions): Auth {
  return toAuth(isSecret(from) ? fixed(from) : signed(from), {});
}

function fixed(secret: Secret): Scheme {
  return {
    challenge: "Bearer",
    uses: usesOf(secret),
    told: [{ name: "bearer", scheme: { type: "http", scheme: "bearer" } }],
    async check({ headers }) {
      const token = tokenIn(headers.authorization);
      if (token === undefined) return undefined;
      if (!sameText(token, secret())) throw refused("is nobody's");
      return { user: { id: "bearer", by: "bearer" } };
    },
  };
}

function signed(options: TokenOptions): Scheme {
  const { jwks, issuer, audience, skewMs = 60_000, refreshMs = 30_000 } = options;
  for (const [name, value] of Object.entries({ jwks, issuer, audience })) {
    if (value === undefined || value === "") {
      throw new HadronError(
        "INVALID_DECLARATION",
        `auth.bearer: ${name} is missing; without it a token made for others would do.`,
      );
    }
  }
  if (typeof jwks === "string" && !URL.canParse(jwks))
    throw new HadronError("INVALID_DECLARATION", `auth.bearer: jwks is "${jwks}", and should be a URL, or keys.`);
  let keys: JWTVerifyGetKey | undefined;
  return {
    challenge: "Bearer",
    uses: [],
    told: [{ name: "jwt", scheme: { type: "http", scheme: "bearer", bearerFormat: "JWT" } }],
    async check({ headers }) {
      const token = tokenIn(headers.authorization);
      if (token === undefined) return undefined;
      // Loaded when the first token comes.
      const jose = await import("jose");
      keys ??=
        typeof jwks === "string"
          ? jose.createRemoteJWKSet(new URL(jwks), { cooldownDuration: refreshMs })
          : jose.createLocalJWKSet(jwks);
      try {
        const { payload } = await jose.jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms: ALGORITHMS,
          clockTolerance: skewMs / 1000,
          requiredClaims: ["sub", "exp"],
        });
        const { sub = "", ...claims } = payload;
        return { user: { id: sub, by: "bearer", claims } };
      } catch (error) {
        throw toRefusal(error, jose.errors);
      }
    },
  };
}

/** What is wrong with the token is its bearer's affair; that its signer's keys cannot be had is not. */
function toRefusal(error: unknown, errors: typeof import("jose").errors): HadronError {
  if (error instanceof errors.JWTExpired) return refused("has expired");
  const isOfKeys = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
  const isOfToken =
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported;
  if (isOfKeys || isOfToken) return refused("is not valid here");
  return new HadronError("UNAVAILABLE", `The keys to check tokens with cannot be had: ${inWords(error)}.`, {
    cause: error,
  });
}

function tokenIn(authorization: string | undefined): string | undefined {
  return /^bearer +([\w.~+/=-]+) *$/i.exec(authorization ?? "")?.[1];
}

function refused(why: string): HadronError {
  return new HadronError("UNAUTHENTICATED", `The token ${why}.`);
}
