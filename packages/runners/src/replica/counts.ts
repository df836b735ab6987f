import type { Topology } from "@hadron/core/spi";
import { own } from "@hadron/core/spi";
import { each } from "../shared/each.ts";

/** How many replicas of a service there are, by its name: of those services whose callers have to know. */
export type Counts = Readonly<Record<string, number>>;

/** What is sent to a replica's internal port to tell it at once; the file of counts, which outlives it, says the same. */
export interface CountsMessage {
  readonly method: "POST";
  readonly path: "/counts";
  readonly body: string;
}

/** Replicas that are told at the same time. */
const AT_ONCE = 8;

/** How many interchangeable replicas there are, DNS tells; how many shards there should be, only a count can. */
export function needsCounts({ services }: Topology): boolean {
  return services.some((service) => service.sharded);
}

/**
 * The counts of an app: what it declares, but for those in `known`. Every count is said, so that one that goes back to what
 * is declared is learned like any other.
 */
export function countsOf({ services }: Topology, known: Counts = {}): Counts {
  const sharded = services.filter((service) => service.sharded);
  return Object.fromEntries(sharded.map(({ name, replicas }) => [name, own(known, name) ?? replicas]));
}

/**
 * Tells replicas, each through `send`, which resolves to whether that one has heard it. Whether all have: those that could
 * not be told read it in the file.
 */
export async function tellCounts<Replica>(
  replicas: readonly Replica[],
  counts: Counts,
  send: (replica: Replica, message: CountsMessage) => Promise<boolean>,
): Promise<boolean> {
  const message: CountsMessage = { method: "POST", path: "/counts", body: JSON.stringify(counts) };
  return (await each(replicas, AT_ONCE, (replica) => send(replica, message))).every(Boolean);
}
