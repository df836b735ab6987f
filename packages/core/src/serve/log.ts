import { ambient } from "../call/host/ambient.ts";
import type { Clock } from "../clock/clock.ts";
import type { Log } from "../declare/types.ts";

export type WriteLine = (line: string) => void;

/** Writes a line of JSON for each message, with the replica that wrote it and the trace of the call it was in. */
export function createLog(replica: string, write: WriteLine, clock: Clock): Log {
  const at =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      const trace = ambient.getStore()?.scope?.trace;
      const head = {
        time: new Date(clock.wallNow()).toISOString(),
        level,
        replica,
        message,
        ...(trace === undefined ? {} : { trace }),
      };
      write(toLine({ ...head, ...fields }));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A log line must come out whatever was put into it. */
function toLine(record: Record<string, unknown>): string {
  try {
    return JSON.stringify(record);
  } catch (error) {
    const { time, level, replica, message } = record;
    return JSON.stringify({ time, level, replica, message, unloggable: String(error) });
  }
}
