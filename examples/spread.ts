// Spread: any of four workers takes a piece of work, the less loaded first.
import { type Context, run, service } from "@hadron/core";
import { spread } from "@hadron/patterns";

const factorize = ({ number }: { number: number }, { replica }: Context) => {
  const factors: number[] = [];
  let rest = number;
  for (let factor = 2; factor * factor <= rest; factor++) {
    for (; rest % factor === 0; rest /= factor) factors.push(factor);
  }
  if (rest > 1) factors.push(rest);
  return { factors, worker: replica.name };
};

export const factors = service("factors", spread(4, factorize), { expose: true });

await run(factors);
