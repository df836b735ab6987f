import type { ErrorCode } from "../../errors.ts";

/** Upper bounds in seconds: the usual ones of Prometheus clients, and finer below, down to what a small call takes. */
const BUCKETS = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
  5, 10,
];

/** Counts the calls of one procedure. */
export class ProcedureMetrics {
  calls = 0;
  inFlight = 0;
  readonly #errors = new Map<ErrorCode, number>();
  readonly #buckets = new Float64Array(BUCKETS.length + 1);
  #seconds = 0;

  observe(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    let bucket = 0;
    while (bucket < BUCKETS.length && seconds > BUCKETS[bucket]!) bucket++;
    this.#buckets[bucket]!++;
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
