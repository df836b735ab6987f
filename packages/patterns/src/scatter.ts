import {
  type Context,
  HadronError,
  type Handler,
  type Input,
  type Leaf,
  type Output,
  type Part,
  procedure,
} from "@hadron/core";
import { type ChildClient, child, pattern, type ShardClient } from "@hadron/core/spi";

/** What gather is told beside the replies. */
export interface ScatterRound {
  /** The names of the leaves whose reply is not among them. Empty unless `quorum` allows that. */
  readonly missing: readonly string[];
}

export interface ScatterOptions {
  /** How many replies gather needs. With fewer the call fails, UNAVAILABLE, and names the missing. @default all */
  readonly quorum?: number;
  /** How long to wait for the leaves; gather then runs on what came, if it is enough. @default what is left of the call's time */
  readonly timeoutMs?: number;
}

/**
 * Sends each request to every one of `n` leaves and combines their replies. The leaves are sharded: each can read its
 * index in `context.replica`. Replies come in the order of the leaves.
 *
 * One missing leaf fails the call, unless `quorum` says that fewer will do.
 *
 * INVALID_DECLARATION if the leaf has more than one procedure, or the quorum is no number from 1 to n.
 *
 * @example
 * service("sum", scatter(10, () => Math.random(), (replies) => replies.reduce((a, b) => a + b)));
 */
export function scatter<H extends Handler, O>(
  n: number,
  leaf: Leaf<H>,
  gather: (replies: Output<H>[], round: ScatterRound) => O,
  options: ScatterOptions = {},
): Part<(...input: Input<H>) => O> {
  const { quorum, timeoutMs } = options;
  if (typeof gather !== "function") {
    throw new HadronError(
      "INVALID_DECLARATION",
      `scatter(n, leaf, gather): gather is ${typeof gather}, and should be a function.`,
    );
  }
  if (quorum !== undefined && !(Number.isInteger(quorum) && quorum >= 1 && quorum <= n)) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `scatter: quorum is ${quorum}, and should be a whole number from 1 to ${n}.`,
    );
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `scatter: timeoutMs is ${timeoutMs}, and should be milliseconds, above 0.`,
    );
  }
  return pattern({
    name: "scatter",
    children: { leaf: child(leaf as Leaf<Handler>, { count: n, sharded: true, where: "scatter's leaf" }) },
    root: ({ leaf: leaves }) => {
      const [only, ...more] = leaves.procedures;
      if (only === undefined || more.length > 0) {
        const names = leaves.procedures.map((one) => one.name).join(", ");
        throw new HadronError(
          "INVALID_DECLARATION",
          `scatter takes a leaf of one procedure; "${leaves.service}" has ${names === "" ? "none" : names}.`,
        );
      }
      const root = async (input: unknown, _context: Context) => {
        const round = await ask(leaves, only.name, input, quorum, timeoutMs);
        return gather(round.replies as Output<H>[], { missing: round.missing });
      };
      const { idempotent, description } = only.options;
      return procedure({ ...(idempotent && { idempotent }), ...(description && { description }) }, root);
    },
  }) as Part<unknown> as Part<(...input: Input<H>) => O>;
}

interface Round {
  readonly replies: unknown[];
  readonly missing: string[];
}

async function ask(
  leaves: ChildClient<Handler>,
  name: string,
  input: unknown,
  quorum: number | undefined,
  timeoutMs: number | undefined,
): Promise<Round> {
  const shards = leaves.shards();
  if (shards.length === 0)
    throw new HadronError("UNAVAILABLE", `No leaf of "${leaves.service}" is known yet; call again in a moment.`);
  if (quorum === undefined && timeoutMs === undefined) return askAll(shards, name, input);
  return askSome(leaves.service, shards, name, input, quorum ?? shards.length, timeoutMs);
}

/** I3: gather never sees a partial round it did not ask for. The first failure is the call's, and names its leaf. */
async function askAll(shards: readonly ShardClient<Handler>[], name: string, input: unknown): Promise<Round> {
  const replies = await Promise.all(shards.map((shard) => shard.call(name, input)));
  return { replies, missing: [] };
}

async function askSome(
  service: string,
  shards: readonly ShardClient<Handler>[],
  name: string,
  input: unknown,
  quorum: number,
  timeoutMs: number | undefined,
): Promise<Round> {
  // A leaf past its time is not waited for, and is told so: a deadline each, below that of the call as a whole.
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  const outcomes = await Promise.allSettled(shards.map((shard) => shard.call(name, input, options)));
  const replies: unknown[] = [];
  const missing: string[] = [];
  const reasons: unknown[] = [];
  for (const [position, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") replies.push(outcome.value);
    else {
      missing.push(shards[position]!.name);
      reasons.push(outcome.reason);
    }
  }
  if (replies.length >= quorum) return { replies, missing };
  const first = reasons[0] instanceof Error ? ` The first said: ${reasons[0].message}` : "";
  const waited = timeoutMs === undefined ? "" : ` within ${timeoutMs} ms`;
  throw new HadronError(
    "UNAVAILABLE",
    `${replies.length} of ${shards.length} leaves of "${service}" replied${waited}, and ${quorum} are needed. Missing: ${missing.join(", ")}.${first}`,
    { cause: reasons[0] },
  );
}
