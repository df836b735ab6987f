import { ambient } from "../call/host/ambient.ts";
import type { Clock } from "../clock/clock.ts";
import type { Log } from "../declare/types.ts";
import { toLogForm } from "../values/log-form.ts";

export type WriteLine = (line: string) => void;

/**
 * Writes a line of JSON for each message, with the replica that wrote it and the trace of the call it was in: `trace_id`,
 * `span_id`, `trace_flags`, as OpenTelemetry names them in logs
 * (https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/). An error in a field is told in full, and a field named as
 * one of the line's own stands under `fields`.
 */
export function createLog(replica: string, write: WriteLine, clock: Clock): Log {
  const at =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      const head = {
        time: new Date(clock.wallNow()).toISOString(),
        level,
        replica,
        message,
        ...toTraceFields(ambient.getStore()?.scope?.trace),
      };
      write(JSON.stringify({ ...head, ...toFields(head, fields) }));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What was given, in words where JSON has none. What would take the place of the line's own stands apart, under `fields`. */
function toFields(head: object, fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const told = Object.entries(fields).map(([name, value]) => [name, toLogForm(value)] as const);
  const isTaken = ([name]: readonly [string, unknown]) => name === "fields" || Object.hasOwn(head, name);
  const taken = told.filter(isTaken);
  if (taken.length === 0) return Object.fromEntries(told);
  return { ...Object.fromEntries(told.filter((field) => !isTaken(field))), fields: Object.fromEntries(taken) };
}

/** The parts of a `traceparent`; none where there is no trace. */
function toTraceFields(traceparent: string | undefined): Readonly<Record<string, string>> {
  const [, traceId, spanId, flags] = traceparent?.split("-") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return {};
  return { trace_id: traceId, span_id: spanId, trace_flags: flags };
}
