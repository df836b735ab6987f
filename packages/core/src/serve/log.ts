import { ambient } from "../call/host/ambient.ts";
import type { Clock } from "../clock/clock.ts";
import type { Log } from "../declare/types.ts";
import { isHadronError } from "../errors.ts";

export type WriteLine = (line: string) => void;

/**
 * Writes a line of JSON for each message, with the replica that wrote it and the trace of the call it was in: `trace_id`,
 * `span_id`, `trace_flags`, as OpenTelemetry names them in logs
 * (https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/). An error in a field is told in full.
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
      write(toLine({ ...head, ...fields }));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A log line must come out whatever was put into it. */
function toLine(record: Record<string, unknown>): string {
  try {
    return JSON.stringify(record, (_, value: unknown) => (value instanceof Error ? toErrorFields(value) : value));
  } catch (error) {
    const { time, level, replica, message } = record;
    return JSON.stringify({ time, level, replica, message, unloggable: String(error) });
  }
}

/** The parts of a `traceparent`; none where there is no trace. */
function toTraceFields(traceparent: string | undefined): Readonly<Record<string, string>> {
  const [, traceId, spanId, flags] = traceparent?.split("-") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return {};
  return { trace_id: traceId, span_id: spanId, trace_flags: flags };
}

/** What an error says: as an object of its own it has no fields that JSON would show. */
function toErrorFields(error: Error): Readonly<Record<string, unknown>> {
  const { name, message, stack, cause } = error;
  const code = "code" in error ? { code: error.code } : {};
  return {
    name,
    ...code,
    message: isHadronError(error) ? error.detail : message,
    stack,
    ...(cause === undefined ? {} : { cause }),
  };
}
