import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { platform } from "node:os";

/** Names this life of the machine: another after each start of its system, the same for all its containers. undefined: the system does not say. */
export function bootId(): string | undefined {
  try {
    if (platform() === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    if (platform() === "darwin") {
      return execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }).trim();
    }
    return undefined;
  } catch {
    // Hidden from this process: each start may be another's then.
    return undefined;
  }
}
