/** Quantiles of samples. */
export function sorted(samples: readonly number[]): (quantile: number) => number {
  const order = [...samples].sort((a, b) => a - b);
  return (quantile) => order[Math.min(order.length - 1, Math.floor(order.length * quantile))] ?? Number.NaN;
}
