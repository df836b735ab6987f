import { createSystemClock } from "../../clock/system-clock.ts";
import type { CallOptions } from "../../declare/types.ts";
import { HadronError } from "../../errors.ts";
import { addMeta } from "../../scope/meta.ts";
import { Scope } from "../../scope/scope.ts";
import { onceOver } from "../../transport/incoming-stream.ts";
import { createHttpTransport } from "../../transport/json-rpc/client/connection.ts";
import { toIdentity } from "../channel/tried-call.ts";
import { DEFAULT_TIMEOUT_MS } from "../host/host.ts";

/** A way to any JSON-RPC 2.0 server. */
export interface UrlCaller {
  /** Fails as the call fails, and at once with UNAVAILABLE where nobody listens: nothing says that somebody will. */
  call(procedure: string, input: unknown, options?: CallOptions): Promise<unknown>;
  /** Calls under way, and streams, fail as UNAVAILABLE. */
  close(): void;
}

/**
 * Calls what is at a URL, over plain JSON-RPC. WRONG_USE where that is none of `http:` or `https:`.
 *
 * @example
 * const caller = openUrl("http://127.0.0.1:3000");
 * await caller.call("greet", "Ann", { timeoutMs: 1000 });
 * caller.close();
 */
export function openUrl(url: string): UrlCaller {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new HadronError("WRONG_USE", `"${url}" is no URL; write one such as http://127.0.0.1:3000.`);
  }
  const clock = createSystemClock();
  const nobody = { app: "", service: "", replica: undefined, topology: "" };
  const connection = createHttpTransport(clock).connect(url, {
    self: nobody,
    wanted: nobody,
    stateChanged() {},
    maxOutputBytes: 2 ** 31 - 1,
  });
  return {
    async call(procedure, input, { signal, timeoutMs = DEFAULT_TIMEOUT_MS, meta: change, id } = {}) {
      const meta = change === undefined ? undefined : addMeta(undefined, change);
      const scope = new Scope({ clock, deadlineAt: clock.now() + timeoutMs, meta });
      const stop = () =>
        scope.cancel(new HadronError("CANCELLED", "The call was given up.", { cause: signal?.reason }));
      signal?.addEventListener("abort", stop, { once: true });
      if (signal?.aborted) stop();
      const over = () => {
        signal?.removeEventListener("abort", stop);
        scope.end();
      };
      try {
        const output = await connection.call({ procedure, input, scope, identity: toIdentity(id) });
        onceOver(output, over);
        return output;
      } catch (error) {
        over();
        throw error;
      }
    },
    close: () => connection.close(),
  };
}
