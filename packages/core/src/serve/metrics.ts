import type { Metric } from "../metric.ts";
import type { ProcedureMetrics } from "./dispatch/procedure-metrics.ts";

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
