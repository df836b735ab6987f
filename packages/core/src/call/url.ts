import type { CallOptions } from "../declare/types.ts";
import { HadronError } from "../errors.ts";
import { createHttpTransport } from "../transport/http/index.ts";
import { onceOver } from "../transport/incoming-stream.ts";
import { DEFAULT_TIMEOUT_MS } from "./host.ts";
import { Scope } from "./scope.ts";

/**
 * Calls a procedure at a URL, over plain JSON-RPC, once: an address that does not answer is UNAVAILABLE at once.
 *
 * @example await callUrl("http://127.0.0.1:3000", "greet", "Ann", { timeoutMs: 1000 });
 */
export async function callUrl(
  url: string,
  procedure: string,
  input: unknown,
  options: CallOptions = {},
): Promise<unknown> {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new HadronError("WRONG_USE", `"${url}" is no URL; write one such as http://127.0.0.1:3000.`);
  }
  const nobody = { app: "", service: "", replica: undefined, topology: "" };
  const connection = createHttpTransport().connect(url, {
    self: nobody,
    wanted: nobody,
    stateChanged: () => {},
    maxOutputBytes: 2 ** 31 - 1,
  });
  const deadlineAt = performance.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const scope = new Scope({ deadlineAt, caller: undefined });
  const abort = () => scope.cancel(new HadronError("CANCELLED", "The caller gave the call up."));
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener("abort", abort, { once: true });
  const over = () => {
    options.signal?.removeEventListener("abort", abort);
    scope.end();
    connection.close();
  };
  try {
    const output = await connection.call({ procedure, input, scope });
    onceOver(output, over);
    return output;
  } catch (error) {
    over();
    throw error;
  }
}
