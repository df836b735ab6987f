import { HadronError, isHadronError } from "@hadron/core";
import { apiKey, hashKey } from "./api-key.ts";
import { basic, hashPassword } from "./basic.ts";
import { bearer } from "./bearer.ts";
import { type Auth, schemeOf, toAuth } from "./scheme.ts";
import { session } from "./session.ts";

/** Any of several ways of showing who one is: the first that somebody comes with. */
function any(...given: readonly Auth[]): Auth {
  if (given.length === 0) throw new HadronError("INVALID_DECLARATION", "auth.any(…) is given nothing.");
  const schemes = given.map(schemeOf);
  const challenges = [...new Set(schemes.flatMap(({ challenge }) => challenge ?? []))];
  return toAuth(
    {
      challenge: challenges.length === 0 ? undefined : challenges.join(", "),
      uses: schemes.flatMap(({ uses }) => uses),
      told: schemes.flatMap(({ told }) => told),
      async check(credentials) {
        let refused: HadronError | undefined;
        for (const scheme of schemes) {
          try {
            const shown = await scheme.check(credentials);
            if (shown !== undefined) return shown;
          } catch (error) {
            if (!isHadronError(error) || error.code !== "UNAUTHENTICATED") throw error;
            refused ??= error;
          }
        }
        if (refused !== undefined) throw refused;
        return undefined;
      },
    },
    {},
  );
}

/**
 * Filters of routes, and guards of services, that let nobody pass who does not show who they are. Whoever it is comes as
 * `context.caller.user`, and travels with each call that is made for it, signed by the app's own key.
 *
 * @example
 * http(routes, { before: [auth.any(auth.session(sessions), auth.bearer(token))] })
 * service("math", math, { expose: true, guard: auth.bearer(token) })
 */
export const auth = { bearer, apiKey, basic, session, any, hashKey, hashPassword } as const;
