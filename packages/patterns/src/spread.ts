import type { Api, Leaf, Part } from "@hadron/core";
import { child, pattern } from "@hadron/core/spi";
import { forward } from "./forward.ts";

export interface SpreadOptions {}

/**
 * Sends each request to any one of `n` interchangeable replicas: the less loaded of two at random among those that are
 * ready. Every procedure of the leaf is forwarded.
 *
 * @example
 * service("resize", spread(4, (image: Uint8Array) => resize(image)));
 */
export function spread<A extends Api>(n: number, leaf: Leaf<A>, _options: SpreadOptions = {}): Part<A> {
  return pattern({
    name: "spread",
    children: { leaf: child(leaf, { count: n, where: "spread's leaf" }) },
    root: ({ leaf: replicas }) => forward(replicas, (procedure, input) => replicas.call(procedure, input)) as A,
  });
}
