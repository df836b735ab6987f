/** The app of the tests of streams under faults. */
import { type Context, HadronError, procedure, run, service } from "@hadron/core";

/** What became of one stream, as its handler saw it. */
export interface Fate {
  /** How often its handler was started. */
  runs: number;
  /** Items made, or taken. */
  items: number;
  aborted: boolean;
  /** How it ended: `returned` by whoever took it, or at its `end`, or with an error's code. */
  ended: string | undefined;
}

export interface Wanted {
  readonly id: string;
  /** Items before the end. */
  readonly count: number;
  /** What comes after them. @default the end */
  readonly last?: "wait" | "throw";
}

const fates = new Map<string, Fate>();

function begin(id: string, signal: AbortSignal): Fate {
  const fate = fates.get(id) ?? { runs: 0, items: 0, aborted: false, ended: undefined };
  fates.set(id, fate);
  fate.runs++;
  signal.addEventListener("abort", () => {
    fate.aborted = true;
  });
  return fate;
}

async function* make({ id, count, last }: Wanted, { signal }: Context) {
  const fate = begin(id, signal);
  fate.ended = undefined;
  let ended = "returned";
  try {
    for (fate.items = 0; fate.items < count; ) yield fate.items++;
    if (last === "throw") throw new HadronError("ABORTED", "There are no more.");
    if (last === "wait")
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    ended = "end";
  } catch (error) {
    ended = (error as HadronError).code;
    throw error;
  } finally {
    fate.ended = ended;
  }
}

export const streams = service("streams", {
  make,
  makeAgain: procedure({ idempotent: true }, make),
  /** The first item is an id; the others are added up. */
  take: async (items: AsyncIterable<string | number>, { signal }: Context) => {
    let fate: Fate | undefined;
    let sum = 0;
    try {
      for await (const item of items) {
        if (typeof item === "string") fate = begin(item, signal);
        else {
          fate!.items++;
          sum += item;
        }
      }
      if (fate !== undefined) fate.ended = "end";
    } catch (error) {
      if (fate !== undefined) fate.ended = (error as HadronError).code;
      throw error;
    }
    return sum;
  },
  fates: () => Object.fromEntries(fates),
});

await run(streams);
