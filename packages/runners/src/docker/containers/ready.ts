import { HadronError } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import type { ContainerSpec } from "./finish.ts";
import { waitForImage } from "./image-ready.ts";
import { nameOf, notReady } from "./inspect.ts";
import { waitForLine } from "./wait-for-line.ts";

/** How long a replica may take from its start until it serves. */
const START_MS = 60_000;

/**
 * Waits until a container that was started serves. RUNNER_FAILED, with its last lines, where it does not.
 *
 * A replica of ours says so in its log, which reaches us wherever the engine is. An image is asked as its declaration says.
 */
export async function waitUntilReady(
  engine: Engine,
  id: string,
  spec: ContainerSpec,
  signal: AbortSignal,
): Promise<void> {
  const timeout = AbortSignal.timeout(START_MS);
  const both = AbortSignal.any([signal, timeout]);
  try {
    if (spec.ready.by === "word") await waitForLine(engine, id, spec, (line) => isReadyWord(line, spec), both);
    else await waitForImage(engine, id, spec, spec.ready, both);
  } catch (error) {
    signal.throwIfAborted();
    if (!timeout.aborted) throw error;
    throw await notReady(engine, id, spec, `it was not ready ${START_MS / 1000} s after its start`);
  }
}

/** Whether our own code says that it serves. RUNNER_FAILED where it says that it never will. */
function isReadyWord(line: string, spec: ContainerSpec): boolean {
  if (!line.startsWith("{")) return false;
  // An ingress says what of it is ready, or fails: what was in it before does not count.
  if (spec.form !== undefined && !line.includes(`"form":"${spec.form.id}"`)) return false;
  if (line.includes('"event":"ready"')) return true;
  const refusal = refusalIn(line);
  if (refusal === undefined) return false;
  throw new HadronError("RUNNER_FAILED", `${nameOf(spec)} refuses to start: ${refusal}`);
}

/** A replica that cannot start says why in one line. */
function refusalIn(line: string): string | undefined {
  if (!line.startsWith('{"error":')) return undefined;
  try {
    return (JSON.parse(line) as { error: { message?: string } }).error.message;
  } catch {
    return undefined;
  }
}
