// Scatter and gather: ten leaves draw a hundred numbers each, the root counts them all into ten buckets.
import { run, service } from "@hadron/core";
import { scatter } from "@hadron/patterns";

const leaf = () => Array.from({ length: 100 }, () => gaussian(100, 25.000133853));
const gather = (replies: number[][]) => bucket(replies.flat(), { from: 0, to: 200, buckets: 10 });

export const histogram = service("histogram-service", scatter(10, leaf, gather), { expose: true });

await run(histogram);

/** A number from a normal distribution: G. Box and M. Muller, 1958. */
function gaussian(mean: number, deviation: number): number {
  const [u, v] = [1 - Math.random(), Math.random()];
  return mean + deviation * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}

function bucket(numbers: number[], { from, to, buckets }: { from: number; to: number; buckets: number }): number[] {
  const counts = new Array<number>(buckets).fill(0);
  for (const number of numbers) {
    const place = Math.floor(((number - from) / (to - from)) * buckets);
    if (place >= 0 && place < buckets) counts[place]!++;
  }
  return counts;
}
