import type { CallOptions } from "../../declare/types.ts";
import { tokenMeta } from "../../scope/credentials.ts";
import type { Env } from "../command/env.ts";
import { toDurationMs } from "../command/values.ts";

/** How a command line has a call made: `--timeout`, `--token` or HADRON_TOKEN. WRONG_USE where the time is none. */
export function toCallOptions(flags: Readonly<Record<string, string>>, env: Env, signal: AbortSignal): CallOptions {
  const token = flags.token ?? env.HADRON_TOKEN;
  return {
    signal,
    ...(flags.timeout === undefined ? {} : { timeoutMs: toDurationMs("timeout", flags.timeout) }),
    ...(token === undefined || token === "" ? {} : { meta: tokenMeta(token) }),
  };
}
