import { type ToldScheme, toldOf } from "../auth/scheme.ts";
import type { ResolvedFilter } from "../handle/options.ts";
import type { Filter } from "../routes/types.ts";

/** What of one set of schemes has to be shown: by the name of each. */
type Requirement = Readonly<Record<string, readonly never[]>>;

/** What has to be shown at one route. */
export interface Security {
  /** One of these; empty: nothing. */
  readonly requirements: readonly Requirement[];
  readonly schemes: readonly ToldScheme[];
}

/** Filters that stand before what has these segments; of what a parameter may be nothing is known. */
export function filtersBefore(
  before: readonly ResolvedFilter[],
  segments: readonly (string | undefined)[],
  own: readonly Filter[] = [],
): readonly Filter[] {
  const outer = before.filter(({ prefix }) => prefix.every((part, at) => segments[at] === part));
  return [...outer.map(({ filter }) => filter), ...own];
}

/** What filters ask of whoever comes: all of them, each one of its ways. */
export function toSecurity(filters: readonly Filter[]): Security {
  const guards = filters.flatMap((filter) => {
    const told = toldOf(filter);
    return told === undefined ? [] : [told];
  });
  if (guards.length === 0) return { requirements: [], schemes: [] };
  const requirements = guards.reduce<readonly Requirement[]>(
    (sets, ways) => sets.flatMap((set) => ways.map(({ name }) => ({ ...set, [name]: [] }))),
    [{}],
  );
  return { requirements, schemes: guards.flat() };
}
