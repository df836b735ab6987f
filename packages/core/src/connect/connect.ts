import { toClient } from "../call/client/client.ts";
import { noteUse } from "../declare/site.ts";
import type { Client, Part } from "../declare/types.ts";
import { BUILT_INS, type BuiltIns } from "../describe/built-in.ts";
import { HadronError } from "../errors.ts";
import { reachUrl } from "./reach-url-late.ts";
import type { ConnectOptions, ConnectTarget, Reached } from "./target.ts";

/**
 * A client of a service that runs elsewhere, typed as the service's own. `S` is the type of the service, or of its
 * handlers. It can ask a replica how it is, too: UNKNOWN_PROCEDURE where outside callers come in.
 */
export type Remote<S> = Client<S extends Part<infer A> ? A : S> & BuiltIns & AsyncDisposable;

/**
 * Connects to a service from outside its app: from a script, another program, or a test. Import its type alone; its code
 * is not needed. Whoever connects disposes of the client; calls under way then fail as UNAVAILABLE.
 *
 * From outside nobody knows what may be repeated: an error is told, and no call is made twice. At a URL, inputs cannot be
 * streams, and both sides speak JSON; a service found by name takes all that a call inside its app does.
 *
 * UNAVAILABLE where nothing listens at the URL, UNKNOWN_SERVICE where nothing that runs has the service,
 * FAILED_PRECONDITION where several have, or where what is at the URL does not say what it offers; WRONG_USE for what is no
 * URL, or a runner or flag that is none; CANCELLED and DEADLINE_EXCEEDED as with any call.
 *
 * @example
 * import { connect } from "@hadron/core";
 * import type { math } from "./math.ts";
 *
 * await using client = await connect<typeof math>("http://127.0.0.1:3000");
 * console.log(await client.add([1, 2]));
 *
 * @example
 * await using client = await connect<typeof math>({ app: "shop", service: "math", runner: "kubernetes" });
 */
export async function connect<S>(
  target: string | URL | ConnectTarget,
  options: ConnectOptions = {},
): Promise<Remote<S>> {
  noteUse();
  const reached = await reach(target, options);
  const { service } = reached;
  const client = toClient(
    service,
    () => [...reached.procedures, ...BUILT_INS].map((name) => ({ name })),
    (procedure = service, input, callOptions) => reached.call(procedure, input, callOptions),
  );
  Object.defineProperty(client, Symbol.asyncDispose, { value: () => reached[Symbol.asyncDispose]() });
  return client as Remote<S>;
}

/** Either way is loaded when it is used. */
async function reach(target: string | URL | ConnectTarget, options: ConnectOptions): Promise<Reached> {
  if (typeof target === "string" || target instanceof URL) return reachUrl(String(target), options);
  if (target.service === undefined && target.app === undefined)
    throw new HadronError("WRONG_USE", "connect() needs a URL, a service or an app: connect({ service: … }).");
  const { reachApp } = await import("@hadron/core/cli");
  return reachApp(target, options);
}
