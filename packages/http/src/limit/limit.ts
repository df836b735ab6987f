import { HadronError } from "@hadron/core";
import { callerOf, whoCalls } from "@hadron/core/spi";
import { digest, usesOf } from "../auth/kept.ts";
import { addressOf } from "../request/web-request.ts";
import type { Filter } from "../routes/types.ts";

/** What counts: a `keyValue<number>` of `@hadron/resources`, or anything that does as much. */
export interface Counts {
  update(
    key: string,
    change: (count: number | undefined) => number,
    options?: { readonly ttlMs?: number },
  ): Promise<number>;
}

export interface LimitOptions {
  /** How many requests in which time: `100/1m`, `5/1s`, `1000/1h`. The time begins anew each so often, for all at once. */
  readonly rate: string;
  /**
   * Whose requests are counted together: those of an address (of IPv6 its /64), of a user, or of what is made of the request; where that
   * is undefined, they are not counted. @default "address"
   */
  readonly by?: "address" | "user" | ((request: Request) => string | undefined);
  /** Where the replicas count together. Fails with it: nobody passes uncounted. @default each replica counts by itself */
  readonly counts?: Counts;
  /** Parts what is counted from other limits in the same `counts`. @default the rate */
  readonly name?: string;
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** More than so many are not remembered: the oldest are forgotten, and asked for again. */
const MOST_REMEMBERED = 100_000;

/**
 * A filter that turns away who asks too often: 429 with `Retry-After`. INVALID_DECLARATION where the rate is none.
 *
 * @example before: [limit({ rate: "100/1m", counts: keyValue<number>("limits") })]
 */
export function limit({ rate, by = "address", counts, name = rate }: LimitOptions): Filter {
  const [, most, each, unit = ""] = /^(\d+)\/(\d*)([smhd])$/.exec(rate) ?? [];
  const windowMs = Number(each === "" ? 1 : each) * (UNITS_MS[unit] ?? 0);
  if (!(Number(most) >= 1 && windowMs >= 1000))
    throw new HadronError(
      "INVALID_DECLARATION",
      `limit: rate is "${rate}", and should be like 100/1m: how many, and in which time.`,
    );
  const whose = typeof by === "function" ? by : by === "user" ? () => whoCalls()?.user?.id : byAddress;
  const seen = new Map<string, number>();
  let window = 0;
  const filter: Filter = async (request, next) => {
    const who = whose(request);
    if (who === undefined) return next();
    const now = Date.now();
    if (Math.floor(now / windowMs) !== window) {
      window = Math.floor(now / windowMs);
      seen.clear();
    }
    const known = seen.get(who) ?? 0;
    // Once it is too much it stays so until the time is over: nobody need be asked.
    const count = known > Number(most) ? known : await add(who, known);
    if (count > Number(most)) throw tooOften(rate, (window + 1) * windowMs - now);
    return next();
  };
  const add = async (who: string, known: number) => {
    const key = `${name}/${window}/${digest(who)}`;
    const count =
      counts === undefined ? known + 1 : await counts.update(key, (before = 0) => before + 1, { ttlMs: 2 * windowMs });
    if (seen.size >= MOST_REMEMBERED) for (const oldest of seen.keys()) return forget(oldest, who, count);
    seen.set(who, count);
    return count;
  };
  const forget = (oldest: string, who: string, count: number) => {
    seen.delete(oldest);
    seen.set(who, count);
    return count;
  };
  return Object.assign(filter, { uses: counts === undefined ? [] : usesOf(counts) });
}

function byAddress(request: Request): string {
  return callerOf(addressOf(request) ?? "unknown");
}

function tooOften(rate: string, retryAfterMs: number): HadronError {
  return new HadronError("OVERLOADED", `More than ${rate} requests came.`, { retryAfterMs });
}
