import { DEFAULT_TIMEOUT_MS } from "../call/host.ts";
import { Scope } from "../call/scope.ts";
import { HadronError } from "../errors.ts";
import { createHttpTransport } from "../transport/http/index.ts";
import { onceOver } from "../transport/incoming-stream.ts";

/** A way to any JSON-RPC 2.0 server. */
export interface UrlCaller {
  /** Fails as the call fails, and at once with UNAVAILABLE where nobody listens: nothing says that somebody will. */
  call(
    procedure: string,
    input: unknown,
    options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
  ): Promise<unknown>;
  close(): void;
}

/** Calls what is at a URL, over HTTP. */
export function openUrl(url: string): UrlCaller {
  const nobody = { app: "", service: "", replica: undefined, topology: "" };
  const connection = createHttpTransport().connect(url, {
    self: nobody,
    wanted: nobody,
    stateChanged() {},
    maxOutputBytes: 2 ** 31 - 1,
  });
  return {
    async call(procedure, input, { signal, timeoutMs = DEFAULT_TIMEOUT_MS }) {
      const scope = new Scope({ deadlineAt: performance.now() + timeoutMs, caller: undefined });
      const stop = () => scope.cancel(new HadronError("CANCELLED", "The call was given up.", { cause: signal.reason }));
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      const over = () => {
        signal.removeEventListener("abort", stop);
        scope.end();
      };
      try {
        const output = await connection.call({ procedure, input, scope });
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
