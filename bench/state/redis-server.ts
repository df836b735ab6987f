import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess } from "../harness-process.ts";

/** A Redis server of the bench's own, on a socket. */
export interface RedisServer {
  readonly path: string;
  readonly pid: number;
  close(): Promise<void>;
}

/** Starts `redis-server`; undefined where none is installed. `isDurable`: each answer waits for the disk. */
export async function startRedis(isDurable: boolean): Promise<RedisServer | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "hadron-bench-"));
  const path = join(folder, "redis.sock");
  const durable = isDurable ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
  const child: ChildProcess = spawn(
    "redis-server",
    ["--port", "0", "--unixsocket", path, "--dir", folder, "--save", "", ...durable],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const close = async () => {
    await endProcess(child);
    rmSync(folder, { recursive: true, force: true });
  };
  let isReady = false;
  const ready = new Promise<void>((resolve) => {
    child.stdout?.on("data", (text) => {
      if (!/ready to accept connections/i.test(String(text))) return;
      isReady = true;
      resolve();
    });
  });
  await Promise.race([ready, once(child, "error"), once(child, "exit")]).catch(() => {});
  if (!isReady) {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  return { path, pid: child.pid ?? 0, close };
}
