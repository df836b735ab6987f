import { HadronError } from "../errors.ts";
import type { Scope } from "../scope/scope.ts";
import type { ChildDefinition, Offers } from "./definition.ts";
import { definePart, toDefinition } from "./definition.ts";
import { hasNeeds, type Needs, resolveNeeds } from "./needs.ts";
import type { ProcedureOptions } from "./procedure.ts";
import type { Api, CallOptions, Client, Part, PartOf } from "./types.ts";

/** A part that a pattern is made of. */
export interface Child<A> extends ChildDefinition {
  readonly api?: A;
}

/** One shard of a sharded child. */
export interface ShardClient<A> {
  /** Which shard, from 0. */
  readonly index: number;
  /** The name of its replica, e.g. `histogram-service.leaf.3`. */
  readonly name: string;
  readonly client: Client<A>;
  /** The untyped call, for patterns that forward whatever they are given. */
  call(procedure: string, input: unknown, options?: ShardCallOptions): Promise<unknown>;
}

/** How a pattern calls a shard. */
export interface ShardCallOptions extends CallOptions {
  /** The scope in which the call is made, as {@link ChildClient.scope} makes it. @default the running handler's */
  readonly scope?: Scope;
}

/** How a pattern calls a child. */
export interface ChildCallOptions extends ShardCallOptions {
  /**
   * Asks a second replica as well when the first is slow, and takes what comes first: after the 95th percentile of what
   * was measured, or after so many milliseconds. Only where the procedure is idempotent. @default never
   */
  readonly hedge?: true | { readonly afterMs: number };
}

/** A child as the root's handlers see it. */
export interface ChildClient<A> {
  /** Its service's full name. */
  readonly service: string;
  /** Whether it is one handler; its procedure is then named as the service. */
  readonly single: boolean;
  readonly procedures: readonly { readonly name: string; readonly options: ProcedureOptions }[];
  /** Calls whichever replica is the less loaded of two at random. */
  readonly client: Client<A>;
  call(procedure: string, input: unknown, options?: ChildCallOptions): Promise<unknown>;
  /** The shards that this replica's own share of the child has now, by index. Empty where the child is not sharded. */
  shards(): readonly ShardClient<A>[];
  /**
   * A scope for calls that are given up together: `cancel` gives up those under way, and so does the end of the running
   * handler. Call `end` once no call is made in it any more. WRONG_USE where `timeoutMs` is below 0.
   *
   * @param timeoutMs How long its calls may take. @default what is left of the running handler's time, or 30 000
   */
  scope(timeoutMs?: number): Scope;
}

/**
 * Declares a child of a pattern: how many of what.
 *
 * `sharded`: each replica has an index and a stable name, and the root gets a client for each. Otherwise they are
 * interchangeable, and the root gets one balanced client.
 */
export function child<A extends Api>(
  part: PartOf<A>,
  options: { readonly count?: number; readonly sharded?: boolean; readonly where?: string } = {},
): Child<A> {
  const { count, sharded = false, where = "a pattern's child" } = options;
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= 10_000)) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `${where}: the count is ${count}, and should be a whole number from 1 to 10000.`,
    );
  }
  return { part: toDefinition(part, where), count, sharded };
}

/** What a pattern is made of: its children, and what makes the handlers of its root. */
export interface PatternSpec<C extends Readonly<Record<string, Child<any>>>, A extends Api> {
  /** The pattern's name, as `describe` shows it. */
  readonly name: string;
  /** Its children; a child that is not a service is named `parent.key`. */
  readonly children: C;
  /**
   * Makes the root's handlers from clients of the children. It is called once when declared, to learn the procedures'
   * names (clients cannot be called then), and once in each replica, so that what it keeps is the replica's own.
   */
  readonly root: (clients: { readonly [K in keyof C]: C[K] extends Child<infer X> ? ChildClient<X> : never }) => A;
  /** What the replicas in which the root runs need; children bring their own. @default nothing */
  readonly needs?: Needs;
  /** What the service's value offers beside its procedures, such as handles. Say its type by {@link Offering}. @default nothing */
  readonly offers?: Offers;
}

/**
 * Makes a part of parts. All patterns are made with this.
 *
 * @example A pattern that asks a second service when the first fails:
 * const fallback = <H extends Handler>(first: PartOf<H>, second: PartOf<H>) =>
 *   pattern({
 *     name: "fallback",
 *     children: { first: child(first), second: child(second) },
 *     root: ({ first, second }) => async (input: unknown) =>
 *       first.call(first.procedures[0].name, input).catch(() => second.call(second.procedures[0].name, input)),
 *   });
 */
export function pattern<C extends Readonly<Record<string, Child<any>>>, A extends Api>(
  spec: PatternSpec<C, A>,
): Part<A> {
  const { name, children, root, needs = {}, offers } = spec;
  const needed = hasNeeds(needs) ? [resolveNeeds(`the pattern ${name}`, needs)] : [];
  return definePart({}, { kind: "pattern", pattern: name, children, root, needs: needed, offers }) as Part<A>;
}
