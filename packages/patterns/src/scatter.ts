import {
  type Context,
  HadronError,
  type Handler,
  type Input,
  type Output,
  type Part,
  type PartOf,
  procedure,
} from "@hadron/core";
import { type ChildClient, child, pattern, type ShardClient } from "@hadron/core/spi";
import { type RoundOutcome, settleRound } from "./round.ts";

/** What gather is told beside the replies. */
export interface ScatterRound {
  /** The names of the leaves whose reply is not among them, in their order. Empty unless `quorum` allows that. */
  readonly missing: readonly string[];
}

/** When {@link scatter} has enough replies. */
export interface ScatterOptions {
  /**
   * How many replies gather needs; without `timeoutMs` it runs as soon as there are so many. Once so many cannot come any
   * more the call fails, UNAVAILABLE, and names the missing. @default all
   */
  readonly quorum?: number;
  /**
   * How long to wait for all leaves; gather then runs on what came, if `quorum` is reached.
   * @default not at all with `quorum`, else what is left of the call's time
   */
  readonly timeoutMs?: number;
}

/**
 * Sends each request to every one of `n` leaves and combines their replies. The leaves are sharded: each can read its
 * index in `context.replica`. Replies come in the order of the leaves.
 *
 * One missing leaf fails the call, unless `quorum` says that fewer will do. As soon as the outcome is known, the leaves that
 * still work for it are told: their `signal` aborts.
 *
 * INVALID_DECLARATION if the leaf has more than one procedure, or the quorum is no number from 1 to n.
 *
 * @example
 * service("sum", scatter(10, () => Math.random(), (replies) => replies.reduce((a, b) => a + b)));
 */
export function scatter<H extends Handler, O>(
  n: number,
  leaf: PartOf<H>,
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
    children: { leaf: child(leaf as PartOf<Handler>, { count: n, sharded: true, where: "scatter's leaf" }) },
    root: ({ leaf: leaves }) => {
      const [only, ...more] = leaves.procedures;
      if (only === undefined || more.length > 0) {
        const names = leaves.procedures.map((procedure) => procedure.name).join(", ");
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

async function ask(
  leaves: ChildClient<Handler>,
  name: string,
  input: unknown,
  quorum: number | undefined,
  timeoutMs: number | undefined,
): Promise<RoundOutcome> {
  const shards = leaves.shards();
  if (shards.length === 0)
    throw new HadronError("UNAVAILABLE", `No leaf of "${leaves.service}" is known yet; call again in a moment.`);
  if (quorum === undefined && timeoutMs === undefined) return askAll(leaves, shards, name, input);
  const asked = shards.map((shard) => {
    const scope = leaves.scope(timeoutMs);
    return { name: shard.name, scope, reply: shard.call(name, input, { scope }) };
  });
  return settleRound(asked, { service: leaves.service, quorum: quorum ?? shards.length, timeoutMs });
}

/** The first failure is the call's, and names its leaf; nobody needs the others then. */
async function askAll(
  leaves: ChildClient<Handler>,
  shards: readonly ShardClient<Handler>[],
  name: string,
  input: unknown,
): Promise<RoundOutcome> {
  const scope = leaves.scope();
  try {
    const replies = await Promise.all(shards.map((shard) => shard.call(name, input, { scope })));
    return { replies, missing: [] };
  } catch (error) {
    scope.cancel(new HadronError("CANCELLED", "Another leaf has failed, and so has the call.", { cause: error }));
    throw error;
  } finally {
    scope.end();
  }
}
