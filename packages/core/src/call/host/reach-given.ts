import type { GivenDefinition } from "../../declare/definition.ts";
import { captureKey } from "../../declare/resource.ts";
import { HadronError } from "../../errors.ts";
import type { CallingSide } from "./ambient.ts";
import { hostHere } from "./outside.ts";

/**
 * The side on which the running code stands, which knows what it is given.
 *
 * FAILED_PRECONDITION where there is none, as while the file is being read, or the app does not have it; PERMISSION_DENIED
 * where the running service does not say that it uses it. Each says what to do.
 */
export function reachGiven(definition: GivenDefinition): CallingSide {
  const { kind, name } = definition;
  const of = `${kind}("${name}")`;
  const host = hostHere();
  if (host === undefined) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${of} has its value in replicas and in tests: ask for it inside a handler, not while the file is read.`,
    );
  }
  const { app, self } = host;
  const service = app?.services.get(self.service)?.topology;
  if (app === undefined || service === undefined) return host;
  const isUser = (uses: typeof service) =>
    kind === "secret" ? uses.secrets.includes(name) : uses.uses?.includes(captureKey(name)) === true;
  if (isUser(service) || (kind === "capture" && isShared(app.topology.captures, name))) return host;
  const line = "add its value to `uses` of the service's options, or give it to run(…), for all";
  const isKnown = app.topology.services.some(isUser);
  throw new HadronError(
    isKnown ? "PERMISSION_DENIED" : "FAILED_PRECONDITION",
    isKnown
      ? `"${self.service}" does not say that it uses ${of}: ${line}.`
      : `${of} is not in the app "${self.app}": ${line}.`,
  );
}

function isShared(
  captures: readonly { readonly name: string; readonly shared?: true }[] = [],
  wanted: string,
): boolean {
  return captures.some(({ name, shared }) => name === wanted && shared === true);
}
