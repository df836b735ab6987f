import type { Clock } from "../clock/clock.ts";

/** How often it is looked within the time. */
const LOOKS = 6;
const MIB = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 } as const;

/**
 * Runs beside the program, which may be in a loop: looks whether it counts on, and ends the process where it does not. A turn at a
 * time is counted, not time, so that a process that was paused is not taken for one that hangs. SIGUSR2 gives the exit code 140, which is
 * how others tell this end from any other; a program that listens to that signal is killed.
 */
const CODE = `
const { beats, everyMs, looks, line } = require("node:worker_threads").workerData;
for (let last = -1, still = 0; ; ) {
  Atomics.wait(beats, 1, 0, everyMs);
  const now = Atomics.load(beats, 0);
  still = now === last ? still + 1 : 0;
  last = now;
  if (still < looks) continue;
  require("node:fs").writeSync(2, line);
  process.kill(process.pid, "SIGUSR2");
  Atomics.wait(beats, 1, 0, 1000);
  process.kill(process.pid, "SIGKILL");
}`;

/**
 * Ends this process when its turns do not come round for so long: for containers whose engine asks nobody whether he is well, and
 * starts again what has ended.
 */
export function watchForHang(replica: string, hangMs: number, clock: Clock): void {
  const beats = new Int32Array(new SharedArrayBuffer(8));
  const everyMs = hangMs / LOOKS;
  clock.every(everyMs / 2, () => Atomics.add(beats, 0, 1)).unref();
  const message = `it hung: it answered nothing for ${hangMs / 1000} s (limits.hangMs); it ends, and is started again`;
  const line = `${JSON.stringify({ level: "error", replica, message, event: "hung" })}\n`;
  // Asked for here: what has no such watch is spared the module.
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const workerData = { beats, everyMs, looks: LOOKS, line };
  new Worker(CODE, { eval: true, env: {}, execArgv: [], workerData, resourceLimits: MIB }).unref();
}
