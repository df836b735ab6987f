import { HadronError } from "../../errors.ts";
import type { Caller } from "../../scope/caller.ts";
import { addMeta, decodeMeta } from "../../scope/meta.ts";
import type { Scope } from "../../scope/scope.ts";
import { readUser, signUser, USER_KEY, USER_META, type User, type UserSigner } from "../../scope/user.ts";
import { ambient, type CallingSide } from "./ambient.ts";

/**
 * Says on whose behalf the running handler's call is: it finds that as `context.caller.user`, and so does every call below it.
 * FAILED_PRECONDITION outside of a handler, or where the app has no key to sign it.
 */
export function identify(user: User): void {
  const here = ambient.getStore();
  if (here?.scope === undefined) {
    throw new HadronError("FAILED_PRECONDITION", "Nobody calls here: say who it is in a handler, or a filter.");
  }
  identifyIn(here.host, here.scope, user);
}

/** Who calls the running handler; undefined outside of one, and where it is nobody that is known. */
export function whoCalls(): Caller | undefined {
  return ambient.getStore()?.context?.caller;
}

/** The same as {@link identify}, for the scope of a call. */
export function identifyIn(host: CallingSide, scope: Scope, user: User): void {
  const signer = signerOf(host);
  if (signer === undefined) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `"${host.self.service}" has no key to sign who calls: give its filters to http(…), or its guard to service(…), where the app is declared.`,
    );
  }
  scope.meta = addMeta(scope.meta, { [USER_META]: signUser(user, signer) });
}

/** On whose behalf a call is; undefined where nobody has shown who they are. */
export function userOf(host: CallingSide, scope: Scope): User | undefined {
  if (scope.meta?.includes(USER_META) !== true) return undefined;
  const text = decodeMeta(scope.meta)[USER_META];
  const signer = signerOf(host);
  return text === undefined || signer === undefined ? undefined : readUser(text, signer);
}

function signerOf(host: CallingSide): UserSigner | undefined {
  const key = host.given.secret(USER_KEY);
  return key === undefined ? undefined : { app: host.self.app, key, wallNow: host.clock.wallNow() };
}
