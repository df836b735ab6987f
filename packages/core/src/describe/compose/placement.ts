import type { ServiceDefinition } from "../../declare/definition.ts";
import { HadronError } from "../../errors.ts";
import type { ServiceTopology } from "../topology.ts";

/** How a part is placed: by its parent, or on its own. */
export interface Placement {
  readonly count: number | undefined;
  readonly sharded: boolean;
  readonly groups: number;
  /** The chain of services above it, for messages. */
  readonly above: readonly string[];
}

/** What two places of one service must agree on. */
export type Shape = Pick<ServiceTopology, "replicas" | "sharded" | "groups">;

/** INVALID_DECLARATION where the part contains itself, or its parent and its own options want different counts. */
export function shapeAt(name: string, definition: ServiceDefinition | undefined, placement: Placement): Shape {
  const { above, groups } = placement;
  if (above.includes(name)) {
    const way = [...above.slice(above.indexOf(name)), name].join(" → ");
    throw new HadronError("INVALID_DECLARATION", `A pattern cannot contain itself: ${way}.`);
  }
  const replicas = countOf(name, definition, placement) * groups;
  return { replicas, sharded: placement.sharded || groups > 1, groups };
}

function countOf(name: string, definition: ServiceDefinition | undefined, { count, above }: Placement): number {
  const declared = definition?.options.replicas;
  if (count !== undefined && declared !== undefined && count !== declared) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `"${name}" is declared with ${declared} replicas, but as a leaf of ${above.at(-1)} it has ${count}: leave "replicas" out.`,
    );
  }
  return count ?? declared ?? 1;
}

/** In words; two places agree where these are the same. */
export function describeShape({ replicas, sharded, groups }: Shape): string {
  return `${replicas} ${sharded ? "sharded" : "interchangeable"}${groups > 1 ? ` in ${groups} groups` : ""}`;
}
