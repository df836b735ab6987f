import type { ErrorCode } from "../errors.ts";
import type { Metric } from "../metric.ts";

/** Upper bounds in seconds: the usual ones of Prometheus clients, and finer below, where our calls are. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

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

const FAMILIES: Readonly<Record<string, readonly [type: string, help: string]>> = {
  hadron_calls_total: ["counter", "Calls taken."],
  hadron_calls_in_flight: ["gauge", "Calls at work."],
  hadron_call_errors_total: ["counter", "Calls that failed, by code."],
  hadron_call_seconds: ["histogram", "Time from a call's arrival to its answer."],
};

/**
 * All metrics in the Prometheus text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
export function toPrometheus(procedures: ReadonlyMap<string, ProcedureMetrics>, more: Iterable<Metric> = []): string {
  const families = new Map<string, string[]>(Object.keys(FAMILIES).map((name) => [name, []]));
  for (const [name, metrics] of procedures) {
    for (const [family, line] of metrics.lines(name)) families.get(family)!.push(line);
  }
  const text: string[] = [];
  for (const [name, lines] of families) {
    const [type, help] = FAMILIES[name]!;
    text.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines);
  }
  text.push(...toLines(more));
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  text.push(
    "# HELP process_resident_memory_bytes Resident memory.",
    "# TYPE process_resident_memory_bytes gauge",
    `process_resident_memory_bytes ${rss}`,
    "# HELP nodejs_heap_size_used_bytes Heap in use.",
    "# TYPE nodejs_heap_size_used_bytes gauge",
    `nodejs_heap_size_used_bytes ${heapUsed}`,
    "# HELP process_cpu_seconds_total CPU time, user and system.",
    "# TYPE process_cpu_seconds_total counter",
    `process_cpu_seconds_total ${(user + system) / 1e6}`,
  );
  return `${text.join("\n")}\n`;
}

/** Lines by family, as the format wants them. */
function toLines(metrics: Iterable<Metric>): string[] {
  const families = new Map<string, string[]>();
  for (const { name, type, help, labels = {}, value } of metrics) {
    let lines = families.get(name);
    if (lines === undefined) {
      lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
      families.set(name, lines);
    }
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`);
    lines.push(`${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`);
  }
  return [...families.values()].flat();
}
