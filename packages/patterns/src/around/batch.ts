import type { Context, Part, Timer } from "@hadron/core";
import { HadronError, outsideOfCalls, pattern, withinCall } from "@hadron/core/spi";
import { checkCount, checkHandler, checkMs, type SharedContext, Waiters } from "./shared.ts";

export interface BatchOptions {
  /** So many inputs at most go into one batch; the last of them sends it off. @default 100 */
  readonly most?: number;
  /** How long the first waits for others, in milliseconds. @default 10 */
  readonly waitMs?: number;
}

/** One call that waits for its batch. */
interface Member<I, O> extends PromiseWithResolvers<O> {
  readonly input: I;
  readonly signal: AbortSignal;
}

interface Open<I, O> {
  readonly members: Member<I, O>[];
  readonly timer: Timer;
}

/**
 * Collects calls, and works on them together: the handler is given all inputs that came within `waitMs`, up to `most`, and gives an
 * output for each, in their order; one that is an Error is that call's failure alone. Whoever goes away while it waits is left out.
 * Each replica has batches of its own. Calls that the handler makes have 30 s, whatever its callers have.
 *
 * A handler that gives another number of outputs is INVALID_OUTPUT for all of the batch.
 *
 * @example
 * export const users = service("users", batch((ids: string[]) => db.sql`select … where id = any(${ids})`, { most: 100, waitMs: 5 }));
 */
export function batch<I, O>(
  handler: (inputs: I[], context: SharedContext) => readonly (O | Error)[] | Promise<readonly (O | Error)[]>,
  options: BatchOptions = {},
): Part<(input: I) => Promise<O>> {
  checkHandler("batch", handler);
  const most = checkCount("batch", "most", options.most ?? 100);
  const waitMs = checkMs("batch", "waitMs", options.waitMs ?? 10);
  const root = () => {
    let open: Open<I, O> | undefined;
    const send = (context: Context) => {
      const members = (open?.members ?? []).filter(({ signal }) => !signal.aborted);
      context.clock.cancel(open?.timer);
      open = undefined;
      if (members.length > 0) outsideOfCalls(() => void work(handler, members, context));
    };
    return (input: I, context: Context): Promise<O> => {
      const { signal, clock } = context;
      const member: Member<I, O> = { input, signal, ...Promise.withResolvers<O>() };
      member.promise.catch(() => {});
      open ??= { members: [], timer: clock.after(waitMs, () => send(context)) };
      open.members.push(member);
      if (open.members.length >= most) send(context);
      return withinCall(member.promise);
    };
  };
  return pattern({ name: "batch", children: {}, root }) as unknown as Part<(input: I) => Promise<O>>;
}

/** Never rejects: its members do. */
async function work<I, O>(
  handler: (inputs: I[], context: SharedContext) => readonly (O | Error)[] | Promise<readonly (O | Error)[]>,
  members: readonly Member<I, O>[],
  { log, replica, clock }: Context,
): Promise<void> {
  const waiters = new Waiters();
  for (const { signal } of members) waiters.add(signal);
  try {
    const outputs = await handler(
      members.map(({ input }) => input),
      { log, replica, clock, signal: waiters.signal },
    );
    if (!Array.isArray(outputs) || outputs.length !== members.length) {
      const gave = Array.isArray(outputs) ? `${outputs.length} outputs` : typeof outputs;
      throw new HadronError(
        "INVALID_OUTPUT",
        `batch: the handler was given ${members.length} inputs and gave ${gave}: it should give an array, one for each.`,
      );
    }
    for (const [index, { resolve, reject }] of members.entries()) {
      const output: O | Error = outputs[index];
      if (output instanceof Error) reject(output);
      else resolve(output);
    }
  } catch (error) {
    for (const { reject } of members) reject(error);
  }
}
