import { HadronError, isHadronError } from "@hadron/core/spi";
import type { StoreClient } from "../client/store-client.ts";
import { pause } from "./hold-for-ever.ts";
import type { Occasion } from "./schedule.ts";

/** So long one question waits for the end of a run. */
const WAIT_MS = 60_000;
const PAUSE_MS = 1000;

/** A durable program, as `@hadron/durable` makes it: what a schedule needs of it. */
export interface ScheduledProgram {
  start(occasion: Occasion, options: { readonly id: string }): Promise<unknown>;
  run(id: string): ScheduledRun;
}

/** A run of it. */
export interface ScheduledRun {
  status(): Promise<{ readonly state: string }>;
  result(options: { readonly timeoutMs: number }): Promise<unknown>;
}

/** What becomes of a due time while the run of the one before is open. */
export type Overlap = "skip" | "queue" | "allow";

export interface ProgramRunsOptions {
  readonly program: ScheduledProgram;
  /** The schedule's service: what ids begin with. */
  readonly service: string;
  readonly overlap: Overlap;
  readonly store: StoreClient;
  readonly signal: AbortSignal;
}

export function isProgram(handler: object): handler is ScheduledProgram {
  // Asked of a service's value, which has what it offers, and tells nobody of it.
  const { start, run } = handler as Partial<ScheduledProgram>;
  return typeof start === "function" && typeof run === "function";
}

/** Starts the run of a due time, once: its id says which it is. Gives the id of the run that was started last. */
export async function startDue(
  { program, service, overlap, store, signal }: ProgramRunsOptions,
  occasion: Occasion,
  last: string | undefined,
): Promise<string | undefined> {
  const id = `${service}/${occasion.due.toISOString()}`;
  // It was started, and whoever did so died before that was written down.
  if (last !== undefined && last !== id && overlap !== "allow" && (await isOpen(program.run(last)))) {
    if (overlap === "skip") return last;
    await untilOver(program.run(last), store, signal);
  }
  await program.start(occasion, { id });
  return id;
}

async function untilOver(run: ScheduledRun, store: StoreClient, signal: AbortSignal): Promise<void> {
  const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  do {
    signal.throwIfAborted();
    // However it ends.
    await Promise.race([run.result({ timeoutMs: WAIT_MS }).catch(() => pause(store, PAUSE_MS, signal)), stopped]);
  } while (await isOpen(run));
}

async function isOpen(run: ScheduledRun): Promise<boolean> {
  try {
    return (await run.status()).state !== "ended";
  } catch (error) {
    if (isHadronError(error) && error.code === "NOT_FOUND") return false;
    throw error;
  }
}

/** INVALID_DECLARATION where these are no options of a program's schedule. */
export function checkProgramOptions(
  of: string,
  { missed, backfill, overlap }: { readonly missed?: unknown; readonly backfill?: unknown; readonly overlap?: unknown },
): void {
  const invalid = (what: string) => new HadronError("INVALID_DECLARATION", `${of}: ${what}.`);
  if (backfill !== undefined && typeof backfill !== "boolean")
    throw invalid(`backfill is ${backfill}, and should be true or false`);
  if (backfill === true && missed !== undefined)
    throw invalid("backfill is what becomes of missed due times: leave missed out");
  if (overlap !== undefined && !["skip", "queue", "allow"].includes(String(overlap)))
    throw invalid(`overlap is "${overlap}", and should be "skip", "queue" or "allow"`);
}
