import type { ContainerDetails } from "../engine/types.ts";

/** Why a container ended, in words. */
export function describeDeath({ OOMKilled, ExitCode, Error: error, Status }: ContainerDetails["State"]): string {
  if (error !== "") return `the engine could not start it: ${error}`;
  if (OOMKilled) return "out of memory: it reached the limit of its container; raise capacity.memoryMiB";
  if (Status === "created") return "it was never started";
  return describeExit(ExitCode);
}

/** An exit code in words. */
export function describeExit(code: number): string {
  if (code === 137) return "killed (exit code 137)";
  if (code === 134) return "out of memory: its heap is full (exit code 134); raise capacity.memoryMiB";
  // SIGUSR2: by its own watch (see watchForHang of @hadron/core).
  if (code === 140) return "it hung: it answered nothing for its limits.hangMs (exit code 140)";
  if (code === 139) return "segmentation fault (exit code 139)";
  return `exit code ${code}`;
}
