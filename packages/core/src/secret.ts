import { inspect } from "node:util";
import { reachGiven } from "./call/host/reach-given.ts";
import { defineGiven, type Given } from "./declare/definition.ts";
import { checkVariable } from "./declare/needs.ts";
import { HadronError } from "./errors.ts";

/** A secret, as a value: call it for what it is. However it is printed, it says its name alone. */
export interface Secret extends Given {
  /**
   * What it is. FAILED_PRECONDITION while the file is read, or where the app does not have it; PERMISSION_DENIED in a service
   * that does not use it.
   */
  (): string;
}

/**
 * Declares a secret of whoever deploys, by the name of its environment variable: the same as `secrets: ["…"]`, as a value. What
 * it is is known in the replicas of services that use it, and to their logs and errors, which say `[secret NAME]` instead.
 *
 * INVALID_DECLARATION if no environment variable can have that name.
 *
 * @example
 * const stripe = secret("STRIPE_KEY");
 * export const shop = service("shop", (order: Order) => pay(order, stripe()), { uses: [stripe] });
 */
export function secret(name: string): Secret {
  checkVariable(`secret("${name}")`, "secret", name);
  const definition = { kind: "secret", name } as const;
  const shown = `[secret ${name}]`;
  const read = (): string => {
    const value = reachGiven(definition).given.secret(name);
    if (value !== undefined) return value;
    throw new HadronError(
      "FAILED_PRECONDITION",
      `secret("${name}") has no value here: set ${name} in the environment of whoever deploys, or runs this test.`,
    );
  };
  const show = { value: () => shown };
  Object.defineProperties(read, { toString: show, toJSON: show, [Symbol.toPrimitive]: show, [inspect.custom]: show });
  return defineGiven(read, definition);
}
