import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HadronError } from "@hadron/core/spi";
import { hasEnded, listProcesses } from "./processes.ts";
import { WATCHDOG } from "./watchdog.ts";

const LONGEST_MS = 10_000;
const LOOK_MS = 10;

/**
 * Ends what is left of a deployment that was killed, and waits until it is gone: whoever has the app's name next owns what its
 * replicas store (L6), and its watchdog may have come no further than to be woken. RUNNER_FAILED, naming the processes, where
 * they do not end. `folder`: the deployment's run folder.
 */
export async function endLeftovers(folder: string, signal: AbortSignal): Promise<void> {
  // Kept by pid: a process that ends loses its command line before it lets go of its files.
  const known = new Map<number, "watchdog" | "replica">();
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    for (const { pid, command } of await listProcesses(folder)) {
      const kind = kindOf(command);
      if (kind !== undefined) known.set(pid, kind);
    }
    for (const pid of known.keys()) if (await hasEnded(pid)) known.delete(pid);
    if (known.size === 0) return;
    if (waitedMs >= LONGEST_MS) throw stillThere([...known.keys()]);
    for (const [pid, kind] of known) {
      // The watchdog alone knows of what replicas started; one that is stopped could not end that.
      if (kind === "watchdog") send(pid, "SIGCONT");
      else send(-pid, "SIGKILL");
    }
    // The system tells the end of a process to its parent alone.
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/** Strictly: an editor or a pager may have a file of the folder open. */
function kindOf(command: readonly string[]): "watchdog" | "replica" | undefined {
  if (command.includes(WATCHDOG)) return "watchdog";
  const isNode = basename(command[0] ?? "") === basename(process.execPath);
  return isNode && command.at(-1)?.endsWith("/app.mjs") ? "replica" : undefined;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended, or, on macOS, is not reaped yet.
    if (!(error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM"))) throw error;
  }
}

function stillThere(pids: readonly number[]): HadronError {
  const list = pids.join(" ");
  return new HadronError(
    "RUNNER_FAILED",
    `Processes of a deployment that was killed have not ended in ${LONGEST_MS / 1000} s, and may still store: ${list}. ` +
      `End them: kill -9 ${list}`,
  );
}
