import { constants } from "node:os";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** In words, e.g. `exit code 1`, `killed by SIGKILL`, `out of memory`. */
  readonly reason: string;
}

const HEAP_MESSAGE =
  /JavaScript heap out of memory|Allocation failed - process out of memory|Fatal process out of memory/;
/** What Node prints of an error that nobody caught, e.g. `TypeError: x is not a function`. */
const UNCAUGHT = /^(?:Uncaught )?((?:[A-Z]\w*)?(?:Error|Exception)\b.*)$/;
const LONGEST = 200;

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
  if (aborted && output.some((line) => HEAP_MESSAGE.test(line))) {
    return `out of memory: its heap reached ${heapMiB} MiB (capacity.memoryMiB)`;
  }
  if (signal !== null) return `killed by ${signal}`;
  const uncaught =
    code === 0 ? undefined : output.map((line) => UNCAUGHT.exec(line)?.[1]).findLast((text) => text !== undefined);
  const said =
    uncaught === undefined ? "" : ` (${uncaught.length > LONGEST ? `${uncaught.slice(0, LONGEST)}…` : uncaught})`;
  return `exit code ${code}${said}`;
}
