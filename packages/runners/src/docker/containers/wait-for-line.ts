import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "../engine/client.ts";
import { readLines } from "../engine/frames.ts";
import type { ContainerSpec } from "./finish.ts";
import { inspectStarting, sinceStart } from "./inspect.ts";

const RESTARTING_MS = 50;
/** After so long the log is asked for anew, from the start of this life: an engine that follows it may lose sight of it. */
const ANEW_MS = 5000;

/** Waits until a container writes a line that is awaited, in the life that it has then. RUNNER_FAILED where it ends before. */
export async function waitForLine(
  engine: Engine,
  id: string,
  spec: ContainerSpec,
  isAwaited: (line: string) => boolean,
  signal: AbortSignal,
  anewMs = ANEW_MS,
): Promise<void> {
  for (;;) {
    const { Restarting, StartedAt } = await inspectStarting(engine, id, spec, signal);
    if (Restarting) {
      await sleep(RESTARTING_MS, undefined, { signal });
      continue;
    }
    const query = { follow: true, stdout: true, stderr: true, since: sinceStart(StartedAt) };
    const anew = AbortSignal.timeout(anewMs);
    try {
      const either = AbortSignal.any([signal, anew]);
      const log = await engine.stream(`/containers/${id}/logs`, { query, signal: either });
      try {
        for await (const line of readLines(log)) if (isAwaited(line)) return;
      } finally {
        log.destroy();
      }
    } catch (error) {
      if (signal.aborted || !anew.aborted) throw error;
    }
  }
}
