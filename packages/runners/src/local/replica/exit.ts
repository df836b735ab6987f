import { constants } from "node:os";
import { lastError, ranOutOfHeap } from "../../shared/last-error.ts";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** In words, e.g. `exit code 1`, `killed by SIGKILL`, `out of memory`. */
  readonly reason: string;
}

/** Says how a process ended. `output`: its last lines. */
export function toExit(
  code: number | null,
  signal: NodeJS.Signals | null,
  output: readonly string[],
  heapMiB: number,
): Exit {
  return { code, signal, reason: reasonOf(code, signal, output, heapMiB) };
}

function reasonOf(
  code: number | null,
  signal: NodeJS.Signals | null,
  output: readonly string[],
  heapMiB: number,
): string {
  const aborted =
    signal === "SIGABRT" || signal === "SIGTRAP" || signal === "SIGILL" || code === 128 + constants.signals.SIGABRT;
  if (aborted && ranOutOfHeap(output)) {
    return `out of memory: its heap reached ${heapMiB} MiB (capacity.memoryMiB)`;
  }
  if (signal !== null) return `killed by ${signal}`;
  const error = code === 0 ? undefined : lastError(output);
  return error === undefined ? `exit code ${code}` : `exit code ${code} (${error})`;
}
