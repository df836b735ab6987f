/** Each bucket is so much wider than the one before: a quantile is right to within half of that. */
const RATIO = 1.08;
const SHORTEST_MS = 0.05;
const BUCKETS = 200;
const LOG_RATIO = Math.log(RATIO);
/** With so many samples, all counts are halved: what was long ago counts less and less. */
const HALVE_AT = 4000;
/** Before there are so many, nothing is said. */
const ENOUGH = 50;
const REFRESH_EVERY = 32;

/** The quantile of recent latencies: a histogram with logarithmic buckets, which forgets. */
export class Latencies {
  readonly #counts = new Float64Array(BUCKETS);
  readonly #quantile: number;
  #total = 0;
  #sinceRefresh = 0;
  #value: number | undefined;

  /** @param quantile E.g. 0.95. */
  constructor(quantile: number) {
    this.#quantile = quantile;
  }

  /** In milliseconds; undefined while too little is known. */
  get value(): number | undefined {
    return this.#value;
  }

  add(ms: number): void {
    this.#counts[ms <= SHORTEST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / SHORTEST_MS) / LOG_RATIO))]!++;
    this.#total++;
    if (this.#total >= ENOUGH && ++this.#sinceRefresh >= REFRESH_EVERY) this.#refresh();
  }

  #refresh(): void {
    this.#sinceRefresh = 0;
    // The lower end of the estimate's 95 % confidence interval: where a share of calls as large as what is cut off is
    // slow, the quantile itself jumps between the quick and the slow.
    const p = this.#quantile;
    const rank = (p - 2 * Math.sqrt((p * (1 - p)) / this.#total)) * this.#total;
    let sum = 0;
    let bucket = 0;
    while (bucket < BUCKETS - 1 && sum + this.#counts[bucket]! < rank) sum += this.#counts[bucket++]!;
    const within = this.#counts[bucket]! === 0 ? 1 : (rank - sum) / this.#counts[bucket]!;
    this.#value = SHORTEST_MS * RATIO ** (bucket - 1 + within);
    if (this.#total < HALVE_AT) return;
    this.#total = 0;
    for (let index = 0; index < BUCKETS; index++) this.#total += this.#counts[index]! /= 2;
  }
}
