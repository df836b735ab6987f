import { openUrl } from "../call/client/url.ts";
import { HadronError, isHadronError } from "../errors.ts";
import type { ConnectOptions, Reached } from "./target.ts";

/** Reaches the service at a URL, over JSON-RPC. Fails as `connect` does. */
export async function reachUrl(url: string, options: ConnectOptions): Promise<Reached> {
  const caller = openUrl(url);
  try {
    const { service, procedures } = toOffer(await caller.call("rpc.discover", undefined, options), url);
    return {
      service,
      procedures,
      call: (procedure, input, callOptions) => caller.call(procedure, input, callOptions),
      async [Symbol.asyncDispose]() {
        caller.close();
      },
    };
  } catch (error) {
    caller.close();
    if (!isHadronError(error) || error.code !== "UNKNOWN_PROCEDURE") throw error;
    throw notTold(url, error);
  }
}

/** Reads what an OpenRPC document says of a service. */
function toOffer(document: unknown, url: string) {
  const { info, methods } = (document ?? {}) as { info?: { title?: unknown }; methods?: readonly { name?: unknown }[] };
  if (typeof info?.title !== "string" || !Array.isArray(methods)) throw notTold(url);
  const procedures = methods.flatMap((method) => (typeof method?.name === "string" ? [method.name] : []));
  return { service: info.title, procedures };
}

function notTold(url: string, cause?: unknown): HadronError {
  const text = `What is at ${url} does not say what it offers (rpc.discover): is it a Hadron service? Any JSON-RPC server can be called by: hadron --url=${url}`;
  return new HadronError("FAILED_PRECONDITION", text, { cause });
}
