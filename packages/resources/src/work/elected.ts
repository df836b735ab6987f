import { type Log, onStart, type Part, type Replica, type StartContext } from "@hadron/core";
import { HadronError, pattern } from "@hadron/core/spi";
import { findStore } from "../client/find-store.ts";
import { checkMs, checkOptions } from "../declare/options.ts";
import type { Hold } from "../lock/lock.ts";
import { holdForEver } from "./hold-for-ever.ts";
import { turns } from "./turns.ts";

/** What a leader knows. */
export interface Leadership extends Hold {
  readonly log: Log;
  readonly replica: Replica;
}

/** How {@link elected} holds its office. */
export interface ElectedOptions {
  /** How long a leader that is not heard of stays one, in milliseconds. @default 15 000 */
  readonly leaseMs?: number;
}

/**
 * Work that one replica of the service does at a time: the leader. The others stand by, and one of them follows when it dies,
 * hangs or is told to stop. `signal` aborts when it is not the leader any more, or is told to stop; what it writes late with
 * `fence: token` is refused. When the work is over, or fails, a leader is elected anew, a second later.
 *
 * @example
 * export const leader = service("leader", elected(async ({ token, signal }) => { … }), { replicas: 3 });
 */
export function elected(work: (leadership: Leadership) => unknown, options: ElectedOptions = {}): Part<{}> {
  if (typeof work !== "function")
    throw new HadronError("INVALID_DECLARATION", "elected(work): the work is not a function.");
  checkOptions("elected", options, ["leaseMs"]);
  const leaseMs = checkMs("elected", "leaseMs", options.leaseMs ?? 15_000);
  return pattern({
    name: "elected",
    children: {},
    needs: { uses: [turns] },
    root: () => {
      let ended: Promise<void> | undefined;
      return {
        async [onStart]({ service, replica, log, signal }: StartContext) {
          ended = holdForEver({
            store: await findStore(turns),
            lock: `elected/${service}`,
            leaseMs,
            signal,
            work: async (hold) => work({ ...hold, log, replica }),
            failed: (error) => log.error(`The leader's work failed: ${textOf(error)}`, { stack: stackOf(error) }),
          });
        },
        async [Symbol.asyncDispose]() {
          await ended;
        },
      };
    },
  }) as Part<{}>;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
