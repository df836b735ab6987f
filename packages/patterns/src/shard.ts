import { type Api, HadronError, type Inputs, type Part, type PartOf } from "@hadron/core";
import { child, inWords, pattern } from "@hadron/core/spi";
import { forward } from "./forward.ts";
import { chooseShard } from "./rendezvous.ts";

/** How {@link shard} finds the shard of an input. */
export interface ShardOptions<A extends Api> {
  /** The key of an input: the same key goes to the same shard, from every caller and after a restart. */
  readonly by: (input: Inputs<A>) => string | number;
}

/**
 * Sends each request to the one of `n` replicas that owns its key. Every procedure of the leaf is forwarded.
 *
 * Growing from n to n + 1 moves about 1/(n + 1) of the keys; data does not move by itself. A call whose shard is away
 * waits for it within its deadline.
 *
 * A key that is no string and no finite number is INVALID_INPUT, and names `by`.
 *
 * @example
 * service("counter", shard(4, ({ user }: { user: string }) => count(user), { by: (input) => input.user }));
 */
export function shard<A extends Api>(n: number, leaf: PartOf<A>, options: ShardOptions<A>): Part<A> {
  if (typeof options?.by !== "function") {
    throw new HadronError(
      "INVALID_DECLARATION",
      `shard(n, leaf, { by }): by is ${options?.by === undefined ? "missing" : `of type ${typeof options.by}`}; give a function from input to key.`,
    );
  }
  return pattern({
    name: "shard",
    children: { leaf: child(leaf, { count: n, sharded: true, where: "shard's leaf" }) },
    root: ({ leaf: leaves }) =>
      forward(leaves, (procedure, input) => {
        const key = keyOf(options.by, input as Inputs<A>);
        const shards = leaves.shards();
        const owner = shards[chooseShard(key, shards.length)];
        if (owner === undefined) {
          throw new HadronError("UNAVAILABLE", `No shard of "${leaves.service}" is known yet; call again in a moment.`);
        }
        return owner.call(procedure, input);
      }) as A,
  });
}

function keyOf<I>(by: (input: I) => string | number, input: I): string {
  let key: unknown;
  try {
    key = by(input);
  } catch (cause) {
    throw new HadronError(
      "INVALID_INPUT",
      `No key: by(input) failed with "${inWords(cause)}". The input lacks what \`by\` reads.`,
      { cause },
    );
  }
  // 7 and "7" are one key: after a trip through JSON or a URL nobody could tell which it was.
  if (typeof key === "string" || (typeof key === "number" && Number.isFinite(key))) return String(key);
  throw new HadronError(
    "INVALID_INPUT",
    `No key: by(input) gave ${key === null ? "null" : typeof key === "number" ? String(key) : typeof key}, and should give a string or a finite number.`,
  );
}
