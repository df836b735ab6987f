import { type Api, HadronError, type Part, type PartOf } from "@hadron/core";
import { child, pattern } from "@hadron/core/spi";
import { forward } from "./forward.ts";

/** How {@link spread} picks a replica. */
export interface SpreadOptions {
  /**
   * Asks a second replica as well where the first is slow, takes what comes first, and cancels the other: after the 95th
   * percentile of what calls to that procedure took, or after `afterMs`. At most 7 % more calls. Only for procedures that
   * are declared idempotent; the others are called once, as without it. @default false
   */
  readonly hedge?: boolean | { readonly afterMs: number };
}

/**
 * Sends each request to any one of `n` interchangeable replicas: the less loaded of two at random among those that are
 * ready. One that fails or is slow compared with the others gets no calls for a while. Every procedure of the leaf is
 * forwarded.
 *
 * INVALID_DECLARATION if `hedge` is asked for and no procedure of the leaf is idempotent.
 *
 * @example
 * const thumbnail = procedure({ idempotent: true }, (image: Uint8Array) => shrink(image));
 * service("thumbnails", spread(4, thumbnail, { hedge: true }));
 */
export function spread<A extends Api>(n: number, leaf: PartOf<A>, options: SpreadOptions = {}): Part<A> {
  const { hedge = false } = options;
  if (typeof hedge === "object" && !(hedge.afterMs >= 0)) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `spread: hedge.afterMs is ${hedge.afterMs}, and should be milliseconds, from 0.`,
    );
  }
  return pattern({
    name: "spread",
    children: { leaf: child(leaf, { count: n, where: "spread's leaf" }) },
    root: ({ leaf: replicas }) => {
      if (hedge === false) return forward(replicas, (procedure, input) => replicas.call(procedure, input)) as A;
      if (!replicas.procedures.some(({ options }) => options.idempotent)) {
        throw new HadronError(
          "INVALID_DECLARATION",
          `spread: hedge asks a second replica, but no procedure of "${replicas.service}" is declared idempotent: procedure({ idempotent: true }, handler).`,
        );
      }
      const how = { hedge };
      return forward(replicas, (procedure, input) => replicas.call(procedure, input, how)) as A;
    },
  });
}
