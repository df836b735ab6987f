import { type Context, type Log, onStart, type Part, type Replica, type StartContext } from "@hadron/core";
import { HadronError, isHadronError, pattern } from "@hadron/core/spi";
import { findStore } from "../client/find-store.ts";
import { checkOptions } from "../declare/options.ts";
import { holdForEver } from "./hold-for-ever.ts";
import { toNextDue } from "./next-due.ts";
import { checkProgramOptions, isProgram, type Overlap, type ScheduledProgram, startDue } from "./program-runs.ts";
import { keepSchedule, type Occasion, untilDue } from "./schedule.ts";
import { turns } from "./turns.ts";

const LEASE_MS = 15_000;
/** Nobody holds the lock while nothing is due for longer than this: to keep it costs the store a commit each five seconds. */
const REST_MS = 60_000;

/** What a scheduled handler knows. */
export interface EveryContext extends Occasion {
  /** Aborts when the replica is told to stop, or another does this work by now. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly replica: Replica;
}

/** In which time zone a line of {@link every} is read, and what becomes of due times that were missed. */
export interface EveryOptions {
  /** An IANA time zone, such as Europe/Berlin. @default UTC */
  readonly timezone?: string;
  /** Due times in which nothing ran: one run for all of them, or none. @default "once" */
  readonly missed?: "once" | "skip";
}

/** The same, where each due time starts a run of a durable program. */
export interface EveryProgramOptions extends EveryOptions {
  /** Due times in which nothing ran: a run of each, one after the other or as `overlap` says, instead of what `missed` says. @default false */
  readonly backfill?: boolean;
  /**
   * What becomes of a due time while the run of the one before is open: it waits for its end, is left out, or starts its run beside it. Those
   * that come due while one waits are missed ones.
   *
   * @default "queue"
   */
  readonly overlap?: Overlap;
}

/**
 * Starts a run of a durable program at each due time of a cron line, once: its id is `SERVICE/TIME`, with the due time as ISO 8601 has it, and
 * its input is that {@link Occasion}. Where it cannot be started, it is tried again. Calling the service starts one now.
 *
 * @example
 * const report = service("report", durable(async ({ due }: Occasion) => { … }));
 * const nightly = service("nightly", every("0 3 * * *", report, { backfill: true, overlap: "skip" }));
 */
export function every(
  line: string,
  program: ScheduledProgram,
  options?: EveryProgramOptions,
): Part<(input?: undefined, context?: Context) => Promise<void>>;
/**
 * Work that is done at each due time of a cron line, by one replica of the service: once each, one after the other, by the
 * store's clock. It is done again where its replica died meanwhile. A failure is logged, and the next due time comes as usual.
 * Calling the service runs it now.
 *
 * Daylight saving: a time that a change leaves out is due at the first instant after it, one that comes twice at the first.
 * A changed line begins with its next due time.
 *
 * INVALID_DECLARATION where the line or the time zone is none. Lines have five fields, or six with seconds first:
 * https://croner.56k.guru/usage/pattern/.
 *
 * @example
 * export const nightly = service("nightly", every("0 3 * * *", async ({ due, missed }) => { … }, { timezone: "Europe/Berlin" }));
 */
export function every(
  line: string,
  handler: (context: EveryContext) => unknown,
  options?: EveryOptions,
): Part<(input?: undefined, context?: Context) => Promise<void>>;
export function every(
  line: string,
  handler: ((context: EveryContext) => unknown) | ScheduledProgram,
  options: EveryProgramOptions = {},
): Part<(input?: undefined, context?: Context) => Promise<void>> {
  if (typeof handler !== "function") {
    throw new HadronError("INVALID_DECLARATION", `every("${line}", handler): the handler is not a function.`);
  }
  const of = `every("${line}")`;
  const program = isProgram(handler) ? handler : undefined;
  checkOptions(of, options, ["timezone", "missed", ...(program === undefined ? [] : ["backfill", "overlap"])]);
  checkProgramOptions(of, options);
  const { timezone = "UTC", missed = "once", backfill = false, overlap = "queue" } = options;
  if (missed !== "once" && missed !== "skip") {
    throw new HadronError("INVALID_DECLARATION", `${of}: missed is "${missed}", and should be "once" or "skip".`);
  }
  const nextDue = toNextDue(line, timezone);
  const root = () => {
    let ended: Promise<void> | undefined;
    const now = async (_input?: undefined, context?: Context) => {
      if (context === undefined) throw new HadronError("INTERNAL", `${of} was called without its context.`);
      const { signal, log, replica, id } = context;
      if (program !== undefined) {
        await program.start({ due: new Date(context.clock.wallNow()), missed: 0 }, { id });
      } else if (typeof handler === "function")
        await handler({ due: new Date(context.clock.wallNow()), missed: 0, signal, log, replica });
    };
    return Object.assign(now, {
      async [onStart]({ service, replica, log, signal: stopping }: StartContext) {
        const store = await findStore(turns);
        const schedule = { store, name: service, line: `${line} ${timezone}`, nextDue };
        ended = holdForEver({
          store,
          lock: `every/${service}`,
          leaseMs: LEASE_MS,
          signal: stopping,
          ready: () => untilDue(schedule, REST_MS, stopping),
          failed: (error) => log.error(`The schedule could not be kept: ${textOf(error)}`),
          work: ({ token, signal }) =>
            keepSchedule({
              ...schedule,
              restMs: REST_MS,
              missed: backfill ? "each" : missed,
              token,
              signal,
              run: async (occasion, last) => {
                try {
                  if (program !== undefined)
                    return await startDue({ program, service, overlap, store, signal }, occasion, last);
                  if (typeof handler === "function") await handler({ ...occasion, signal, log, replica });
                } catch (error) {
                  // A start that failed is tried again by whoever leads next.
                  if (program !== undefined && (signal.aborted || (isHadronError(error) && error.retryable)))
                    throw error;
                  const stack = error instanceof Error ? error.stack : undefined;
                  log.error(`${service} of ${occasion.due.toISOString()} failed: ${textOf(error)}`, { stack });
                }
                return last;
              },
            }),
        });
      },
      async [Symbol.asyncDispose]() {
        await ended;
      },
    });
  };
  return pattern({ name: "every", children: {}, needs: { uses: [turns] }, root });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
