/** What every side of these benches serves: the same handlers, whatever carries the calls. */

export const hello = (name: string): string => `Hello, ${name}!`;

/** A hundred integers, as a leaf of the histogram draws them. */
export const numbers = (): number[] => Array.from({ length: 100 }, () => Math.floor(Math.random() * 200));

/** Counts the numbers of all leaves into ten buckets. */
export const gather = (replies: readonly number[][]): number[] => {
  const counts = new Array<number>(10).fill(0);
  for (const reply of replies) for (const number of reply) counts[Math.floor(number / 20)]!++;
  return counts;
};

const tenThousand = Array.from({ length: 10_000 }, (_, i) => Math.sin(i) * 100);

/** A large reply, the same each time: making it is not what is measured. */
export const floats = (): number[] => tenThousand;

/** The first leaf takes 5 to 20 ms, the others no time. Returns how long it took by its own clock. */
export const slow = async (index: number): Promise<number> => {
  const startedAt = performance.now();
  if (index === 0) await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 15));
  return performance.now() - startedAt;
};
