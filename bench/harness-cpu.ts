import { readdirSync, readFileSync } from "node:fs";

/** CPU time that these processes have used so far, in milliseconds; undefined where the system does not tell. */
export function cpuMs(pids: readonly number[]): number | undefined {
  let sum = 0;
  for (const pid of pids) {
    const one = ofProcess(pid);
    if (one === undefined) return undefined;
    sum += one;
  }
  return sum;
}

/** Linux: the scheduler's own count in nanoseconds, of all threads; the ticks of `stat` would be too coarse. */
function ofProcess(pid: number): number | undefined {
  try {
    let nanoseconds = 0;
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    }
    return nanoseconds / 1e6;
  } catch {
    return undefined;
  }
}

/** Resident memory in bytes; undefined where the system does not tell. */
export function rssBytes(pid: number): number | undefined {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
  } catch {
    return undefined;
  }
}

/** CPU time of this process's children that have ended, and of theirs, in milliseconds; NaN where the system does not tell. */
export function endedChildrenCpuMs(): number {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    // cutime and cstime, fields 16 and 17 of proc(5), in ticks of 10 ms.
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return Number.NaN;
  }
}
