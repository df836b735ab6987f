import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Who listens on a TCP port, e.g. `node (pid 4711)`; undefined where the system does not tell. Linux only. */
export function findPortOwner(port: number): string | undefined {
  const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return undefined;
  for (const pid of read(() => readdirSync("/proc")) ?? []) {
    if (!/^\d+$/.test(pid)) continue;
    // Other users' processes do not show theirs.
    for (const descriptor of read(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
      const socket = /^socket:\[(\d+)\]$/.exec(read(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`)) ?? "");
      if (socket === null || !inodes.has(socket[1] ?? "")) continue;
      return `${read(() => readFileSync(`/proc/${pid}/comm`, "utf8"))?.trim() ?? "a process"} (pid ${pid})`;
    }
  }
  return undefined;
}

/** The inodes of sockets in state LISTEN (0A) on a port. See proc_pid_net(5). */
function listeningInodes(table: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return (read(() => readFileSync(table, "utf8")) ?? "").split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[1]?.endsWith(suffix) && fields[3] === "0A" ? [fields[9] ?? ""] : [];
  });
}

/** What cannot be read is not known: a process that ended meanwhile, or one of another user. */
function read<T>(from: () => T): T | undefined {
  try {
    return from();
  } catch {
    return undefined;
  }
}
