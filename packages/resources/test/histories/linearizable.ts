/** What one caller did, and saw. */
export interface Event<S> {
  /** What it was, for whoever reads a history that is wrong. */
  readonly label: string;
  /** Numbers that order begins and ends of all events; an end that nobody saw is Infinity. */
  readonly begin: number;
  readonly end: number;
  /** Whether it may not have happened at all: it failed, and nobody knows. */
  readonly isOptional: boolean;
  /** The state after it, in a state in which it could see what it saw; undefined in another. */
  apply(state: S): S | undefined;
}

/**
 * Whether there is an order of the events, each at one moment between its begin and its end, in which all of them see what they saw: the
 * search of Wing and Gong with Lowe's memory of what was tried (https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/).
 * States are compared by what `String` makes of them.
 */
export function isLinearizable<S extends string | number>(history: readonly Event<S>[], initial: S): boolean {
  const events = [...history].sort((a, b) => a.begin - b.begin);
  const tried = new Set<string>();
  const done = new Uint8Array(events.length);
  const search = (state: S): boolean => {
    const open = events.filter((_, index) => done[index] === 0);
    if (open.every(({ isOptional }) => isOptional)) return true;
    const position = `${state} ${done.join("")}`;
    if (tried.has(position)) return false;
    tried.add(position);
    // The next is one that began before any of the others was over.
    const firstEnd = Math.min(...open.map(({ end }) => end));
    for (const [index, event] of events.entries()) {
      if (event.begin > firstEnd) break;
      if (done[index] === 1) continue;
      const next = event.apply(state);
      if (next === undefined) continue;
      done[index] = 1;
      if (search(next)) return true;
      done[index] = 0;
    }
    return false;
  };
  return search(initial);
}
