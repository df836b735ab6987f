import type { ErrorCode } from "../../errors.ts";

/** Of a bucket to the one before: no percentile is off by more than that. */
const STEP = Math.SQRT2;
const FINEST_SECONDS = 10e-6;
/** Up to 10.5 seconds. */
const BOUNDS = 41;

/** Upper bounds in seconds, each {@link STEP} times the one before: as fine where calls take microseconds as where they take seconds. */
const BUCKETS = Array.from({ length: BOUNDS }, (_, i) => Number((FINEST_SECONDS * STEP ** i).toPrecision(3)));

/** Counts the calls of one procedure. */
export class ProcedureMetrics {
  calls = 0;
  inFlight = 0;
  readonly #errors = new Map<ErrorCode, number>();
  readonly #buckets = new Float64Array(BUCKETS.length + 1);
  #seconds = 0;

  observe(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    this.#buckets[bucketOf(seconds)]!++;
    this.#seconds += seconds;
  }

  failed(code: ErrorCode): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  get errors(): number {
    let sum = 0;
    for (const count of this.#errors.values()) sum += count;
    return sum;
  }

  *lines(procedure: string): Iterable<readonly [family: string, line: string]> {
    const label = `procedure="${procedure}"`;
    yield ["hadron_calls_total", `hadron_calls_total{${label}} ${this.calls}`];
    yield ["hadron_calls_in_flight", `hadron_calls_in_flight{${label}} ${this.inFlight}`];
    for (const [code, count] of this.#errors) {
      yield ["hadron_call_errors_total", `hadron_call_errors_total{${label},code="${code}"} ${count}`];
    }
    let sum = 0;
    for (const [index, bound] of [...BUCKETS, "+Inf"].entries()) {
      sum += this.#buckets[index]!;
      yield ["hadron_call_seconds", `hadron_call_seconds_bucket{${label},le="${bound}"} ${sum}`];
    }
    yield ["hadron_call_seconds", `hadron_call_seconds_sum{${label}} ${this.#seconds}`];
    yield ["hadron_call_seconds", `hadron_call_seconds_count{${label}} ${sum}`];
  }
}

/** The first bucket that is not too small; the last, without a bound, where all are. */
function bucketOf(seconds: number): number {
  let low = 0;
  let high = BUCKETS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (seconds <= BUCKETS[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
